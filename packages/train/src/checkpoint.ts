import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { LeaError, show, stableJson } from '@lea/core';
import { removeRemains } from '@lea/core/node';
import { pick, prefixed, readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import { progressProblem, tensorsProblem } from './check-checkpoint.ts';
import type { Progress, RunState } from './run-state.ts';
import { withoutSlots } from './steps/state.ts';

/** What a run is: a checkpoint of another identity cannot be gone on with. */
export type Identity = Readonly<Record<string, unknown>>;

/**
 * Writes the whole run into one safetensors file, beside the old one first, then renamed.
 *
 * @throws LeaError of `writeSafetensors`; the old file is untouched then
 */
export async function saveCheckpoint(path: string, identity: Identity, run: RunState): Promise<void> {
  // A run that maxSteps cut between two validations is saved before the last one: it may go on from there.
  const { beforeLast, progress } = run;
  const lastValue = progress.curve.at(-1)?.value;
  await writeSafetensors(path, tensorsOf(beforeLast ?? run), {
    lea: FORMAT,
    identity: stableJson(identity),
    progress: stableJson(beforeLast ? { ...beforeLast.progress, lastValue } : progress),
  });
}

/** All networks as one set. */
function tensorsOf({ networks, best }: Pick<RunState, 'networks' | 'best'>): Values {
  const tensors: Values = {};
  for (const [i, network] of networks.entries()) Object.assign(tensors, prefixed(`network${i + 1}/`, network));
  for (const [i, network] of best.entries()) Object.assign(tensors, prefixed(`best${i + 1}/`, network));
  return tensors;
}

export interface LoadOptions {
  /** The run before its first step. */
  readonly initial: RunState;
  /** Phases of the agent. */
  readonly phases: number;
  readonly onMismatch: 'throw' | 'restart';
}

/**
 * Reads a run back as it was saved, and whether `maxSteps` has been raised since: all other options must be the same. The
 * initial run when there is no file, or when it is of another run and `onMismatch` is `restart`; why is told then. Removes what
 * killed writes of the file left.
 *
 * @throws LeaError `E_CHECKPOINT_DAMAGED`, `E_CHECKPOINT_FOREIGN` (not written by this trainer), `E_CHECKPOINT_OPTIONS` (names the differences),
 * and those of `readSafetensors`
 */
export async function loadCheckpoint(
  path: string,
  identity: Identity,
  { initial, phases, onMismatch }: LoadOptions,
): Promise<{ readonly run: RunState; readonly raised: boolean; readonly discarded?: string }> {
  await removeRemains(dirname(path), basename(path));
  const unread = { run: initial, raised: false };
  if (!existsSync(path)) return unread;
  const { tensors, metadata } = await readWholeCheckpoint(path);
  if (metadata.lea !== FORMAT || !metadata.identity || !metadata.progress) {
    const discarded = 'The file is not a checkpoint of this trainer.';
    if (onMismatch === 'restart') return { ...unread, discarded };
    throw new LeaError('E_CHECKPOINT_FOREIGN', discarded, {
      value: path,
      hint: "Give checkpoint another path, or set onMismatch to 'restart' to overwrite it.",
    });
  }
  const saved = jsonOf(metadata.identity, path) as Identity;
  const progress = jsonOf(metadata.progress, path) as Progress;
  const raised = capOf(identity) > capOf(saved);
  const discarded = mismatch(saved, identity, raised, progress);
  if (discarded !== undefined) {
    if (onMismatch === 'restart') return { ...unread, discarded };
    throw new LeaError('E_CHECKPOINT_OPTIONS', discarded, {
      value: path,
      hint: "Use the saved options, give checkpoint another path, or set onMismatch to 'restart' to begin anew.",
    });
  }
  const problem = progressProblem(progress, phases);
  if (problem !== undefined) throw damaged(path, problem);
  const hasBest = progress.best !== null;
  const { networks } = initial;
  const misfit = tensorsProblem(tensors, tensorsOf({ networks, best: hasBest ? networks.map(withoutSlots) : [] }));
  if (misfit !== undefined) throw damaged(path, misfit);
  const sets = (name: string) => networks.map((_, i) => pick(`${name}${i + 1}/`, tensors));
  return { run: { progress, networks: sets('network'), best: hasBest ? sets('best') : [] }, raised };
}

const FORMAT = 'train-checkpoint-1';

/** Why a saved run is not the one that the options describe; undefined when it is. */
function mismatch(saved: Identity, given: Identity, raised: boolean, progress: Progress | null): string | undefined {
  const differences = differencesOf(
    raised ? { ...saved, maxSteps: given.maxSteps } : saved,
    JSON.parse(stableJson(given)),
  );
  if (differences.length > 0) {
    const lowered = capOf(given) < capOf(saved) ? ' maxSteps can only be raised.' : '';
    return `The checkpoint is of a run with other options: ${differences.join('; ')}.${lowered}`;
  }
  if (!raised || progress?.cutPhase === undefined) return undefined;
  return `maxSteps ${capOf(saved)} ended phase "${progress.cutPhase}" and a later phase has begun: with ${capOf(given)} the earlier one would have gone on.`;
}

function capOf({ maxSteps }: Identity): number {
  return typeof maxSteps === 'number' ? maxSteps : Number.POSITIVE_INFINITY;
}

/** "batch: 256 saved, 128 given" for every leaf that differs. */
function differencesOf(saved: unknown, given: unknown, path = ''): string[] {
  if (stableJson(saved) === stableJson(given)) return [];
  if (!isRecord(saved) || !isRecord(given)) return [`${path}: ${show(saved)} saved, ${show(given)} given`];
  const keys = [...new Set([...Object.keys(saved), ...Object.keys(given)])].sort();
  return keys.flatMap((key) => differencesOf(saved[key], given[key], path ? `${path}.${key}` : key));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readWholeCheckpoint(path: string): ReturnType<typeof readSafetensors> {
  try {
    return await readSafetensors(path);
  } catch (cause) {
    if (!(cause instanceof LeaError) || cause.code !== 'E_SAFETENSORS') throw cause;
    throw damaged(path, cause.message, cause);
  }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'its header is not JSON', cause);
  }
}

function damaged(path: string, what: string, cause?: unknown): LeaError {
  return new LeaError('E_CHECKPOINT_DAMAGED', `The checkpoint is cut or damaged: ${what.replace(/\.$/, '')}.`, {
    value: path,
    hint: 'Delete the file: the run then begins anew.',
    cause,
  });
}
