import { readFile } from 'node:fs/promises';
import { type Scorer, sequences as sequencesOf, type Transitions, transitions, windowsOf } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { describe, expect, it } from 'vitest';
import { transitionsOf } from '../testing/transitions.ts';
import { sequentialRules } from './sequential-rules.ts';
import { sknn } from './sknn.ts';
import { stan } from './stan.ts';
import { vsknn } from './vsknn.ts';

/** Recommended items, best first, and their scores; the best score is 1. */
interface List<Item> {
  readonly items: readonly Item[];
  readonly scores: readonly number[];
}

interface Drawn {
  readonly items: number;
  readonly sessions: readonly (readonly number[])[];
  /** Time of the last event of each session. */
  readonly ends: readonly number[];
  readonly cases: readonly {
    readonly method: 'sknn' | 'vsknn' | 'stan';
    readonly options: { readonly neighbors: number; readonly sample: number };
    readonly rows: readonly (List<number> & {
      readonly history: readonly number[];
      /** Whether session-rec measures distances as `stan` does. */
      readonly plain?: boolean;
    })[];
  }[];
}

interface Committed<Row> {
  readonly options: object;
  readonly rows: readonly (List<string> & Row)[];
}

async function fixture<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(`../fixtures/session-rec/${name}`, import.meta.url), 'utf8')) as T;
}

/** [items] scores without the popularity that breaks ties; the best is 1. session-rec leaves ties to the order of its list. */
async function untied(scorer: Scorer, history: readonly number[]): Promise<number[]> {
  const own = await scorer.score(windowsOf([history, []], 50, scorer.items));
  const scores = Array.from({ length: scorer.items }, (_, item) => own[item]! - own[scorer.items + item]!);
  const best = Math.max(...scores);
  return scores.map((score) => score / best);
}

/** Compares the scores of the listed items and those of the best items, which are the same items but for ties. */
async function expectList(scorer: Scorer, history: readonly number[], list: List<number>, digits: number) {
  const own = await untied(scorer, history);
  const close = list.scores.map((score) => expect.closeTo(score, digits));
  expect(list.items.map((item) => own[item])).toEqual(close);
  expect(own.toSorted((a, b) => b - a).slice(0, close.length)).toEqual(close);
}

describe('the lists of session-rec for a drawn log', async () => {
  const drawn = await fixture<Drawn>('neighbors.json');
  const bare = transitionsOf(drawn.sessions, drawn.items);
  const time = drawn.sessions.flatMap((session, i) => session.map(() => drawn.ends[i]!));
  const train: Transitions = { ...bare, sequences: { ...bare.sequences, time: Float64Array.from(time) } };
  const methods = { sknn, vsknn, stan };

  it.each(drawn.cases.map((one) => [one.method, JSON.stringify(one.options), one] as const))(
    '%s %s',
    async (method, _, { options, rows }) => {
      expect(rows).toHaveLength(12);
      const scorer = methods[method](train, { ...options, window: 50 });
      for (const row of rows) await expectList(scorer, row.history, row, 10);
    },
  );

  it('are those of session-rec for stan where the item in common is not in question', () => {
    const rows = drawn.cases.filter(({ method }) => method === 'stan').flatMap((one) => one.rows);
    expect(new Set(rows.map(({ plain }) => plain))).toEqual(new Set([true, false]));
    for (const { history, plain } of rows) if (new Set(history).size === 1) expect(plain).toBe(true);
  });
});

const data = process.env.LEA_DATA;

describe.skipIf(!data)('the lists that session-rec commits for RC15 (skipped unless LEA_DATA is set)', async () => {
  const log = data
    ? await readInteractions(`${data}/yoochoose_rc15/clicks_100k/yoochoose-clicks-100k_train_full.txt.gz`, {
        columns: { user: 'SessionId', item: 'ItemId', time: 'Time' },
      })
    : undefined;
  const train = log && transitions(sequencesOf(log));
  const place = new Map(log?.itemIds.map((id, item) => [id, item]));
  const indices = (items: readonly string[]): number[] => items.map((id) => place.get(id)!);

  it('sequentialRules', async () => {
    const { options, rows } = await fixture<Committed<{ last: string }>>('sr.json');
    const scorer = sequentialRules(train!, options);
    for (const { last, items, scores } of rows) {
      await expectList(scorer, indices([last]), { items: indices(items), scores }, 7);
    }
  });

  it('vsknn', async () => {
    const { options, rows } = await fixture<Committed<{ history: readonly string[] }>>('vsknn.json');
    const scorer = vsknn(train!, { ...options, window: 50 });
    for (const { history, items, scores } of rows) {
      await expectList(scorer, indices(history), { items: indices(items), scores }, 7);
    }
  });
});
