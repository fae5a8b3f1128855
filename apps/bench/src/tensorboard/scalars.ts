import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unsealed } from '@lea/core';
import { readWhole } from '@lea/core/node';
import { loadRun } from '../experiment/record.ts';
import type { Scalar } from './event-file.ts';

/** The curves of a run, and its test metrics when it is finished. */
export interface Curves {
  /** In the order in which they were reached. */
  readonly scalars: readonly Scalar[];
  /** Seconds since 1970 at which the run began, as far as its working time tells. */
  readonly began: number;
}

interface Event {
  readonly type?: string;
  readonly seconds: number;
  readonly step?: number;
  readonly loss?: number | null;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly resumedFrom?: number;
}

/**
 * Reads the curves of a run from its log: `validation/...` for every validation metric, and `train/loss`. Steps that a later
 * sitting did again count once. The test metrics, as `test/...`, are at the last step. Time is working time, up to the last
 * change of the file. A trial of a search has no test metrics.
 *
 * @param folder of the run or trial @param id of the run or trial
 * @throws LeaError `E_RUN_BROKEN`
 */
export async function curvesOf(folder: string, id: string, of: 'run' | 'trial' = 'run'): Promise<Curves> {
  const path = join(folder, 'events.jsonl');
  const events = eventsIn((await readWhole(path).catch(() => undefined))?.toString('utf8') ?? '', path);
  const record = of === 'run' ? (await loadRun({ id, folder }))?.record : undefined;
  const seconds = events.at(-1)?.seconds ?? record?.seconds ?? 0;
  const changed = await stat(events.length > 0 ? path : join(folder, 'record.json')).catch(() => undefined);
  const began = (changed ? changed.mtimeMs / 1000 : 0) - seconds;
  const curves = events.flatMap(({ type, step = 0, loss, metrics = {}, seconds: at }): Scalar[] => {
    if (type !== 'validation') return [];
    const values = Object.entries(metrics).map(([name, value]) => [`validation/${name}`, value] as const);
    return [...values, ...(typeof loss === 'number' ? [['train/loss', loss] as const] : [])].flatMap(([tag, value]) =>
      Number.isFinite(value) ? [{ tag, step, value, wallTime: began + at }] : [],
    );
  });
  const last = record?.training?.steps ?? 0;
  const test = Object.entries(record?.metrics ?? {}).flatMap(([name, value]) =>
    Number.isFinite(value) ? [{ tag: `test/${name}`, step: last, value, wallTime: began + seconds }] : [],
  );
  return { scalars: [...curves, ...test], began };
}

/** The events of a log without those that a later sitting did again; lines that are cut or damaged are left out. */
function eventsIn(text: string, path: string): Event[] {
  let kept: Event[] = [];
  for (const line of text.split('\n')) {
    const event = eventOf(line, path);
    if (!event) continue;
    const { type, resumedFrom = 0 } = event;
    if (type === 'start') kept = kept.filter(({ step = 0 }) => step <= resumedFrom);
    kept.push(event);
  }
  return kept;
}

function eventOf(line: string, path: string): Event | undefined {
  try {
    return unsealed(line, path) as unknown as Event;
  } catch {
    return undefined;
  }
}
