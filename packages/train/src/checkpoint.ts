import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { LeaError, show, stableJson } from '@lea/core';
import { removeRemains } from '@lea/core/node';
import { pick, prefixed, readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import { progressProblem, tensorsProblem } from './check-checkpoint.ts';
import type { Progress, RunState } from './run-state.ts';
import { withoutSlots } from './steps/state.ts';

/** Everything that identifies a run. A checkpoint with a different identity cannot be resumed. */
export type Identity = Readonly<Record<string, unknown>>;

/**
 * Writes the whole run into one safetensors file. The new file is written next to the old one and then renamed.
 *
 * @throws LeaError the errors of `writeSafetensors`; the old file then stays as it was
 */
export async function saveCheckpoint(path: string, identity: Identity, run: RunState): Promise<void> {
  // If maxSteps ended the run between two validations, the state before the last one is saved, so that it can be resumed.
  const { beforeLast, progress } = run;
  const lastValue = progress.curve.at(-1)?.value;
  await writeSafetensors(path, tensorsOf(beforeLast ?? run), {
    lea: FORMAT,
    identity: stableJson(identity),
    progress: stableJson(beforeLast ? { ...beforeLast.progress, lastValue } : progress),
  });
}

/** The tensors of all networks, with prefixes, in one object. */
function tensorsOf({ networks, best }: Pick<RunState, 'networks' | 'best'>): Values {
  const tensors: Values = {};
  for (const [i, network] of networks.entries()) Object.assign(tensors, prefixed(`network${i + 1}/`, network));
  for (const [i, network] of best.entries()) Object.assign(tensors, prefixed(`best${i + 1}/`, network));
  return tensors;
}

/** Options of `loadCheckpoint`. */
export interface LoadOptions {
  /** The run before its first step. */
  readonly initial: RunState;
  /** Number of phases of the agent. */
  readonly phases: number;
  /** Whether a checkpoint of a different run throws, or the run restarts from `initial`. */
  readonly onMismatch: 'throw' | 'restart';
}

/**
 * Reads a saved run and tells whether `maxSteps` has been raised since it was saved; all other options must be the same.
 * Returns the initial run when there is no file, or when the file belongs to a different run and `onMismatch` is `restart`;
 * `discarded` then gives the reason. Removes temporary files of interrupted writes.
 *
 * @throws LeaError `E_CHECKPOINT_DAMAGED`, `E_CHECKPOINT_FOREIGN` (not written by this trainer), `E_CHECKPOINT_OPTIONS`
 *   (names the differences), and the errors of `readSafetensors`
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
    const discarded = 'Expected a checkpoint written by fit, but the file is something else.';
    if (onMismatch === 'restart') return { ...unread, discarded };
    throw new LeaError('E_CHECKPOINT_FOREIGN', discarded, {
      value: path,
      hint: "Set checkpoint to a different path, or set onMismatch to 'restart' to overwrite the file.",
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
      hint: "Use the saved options, set checkpoint to a different path, or set onMismatch to 'restart' to start over.",
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

/** Explains why a saved run does not match the given options; undefined when it does. */
function mismatch(saved: Identity, given: Identity, raised: boolean, progress: Progress | null): string | undefined {
  const differences = differencesOf(
    raised ? { ...saved, maxSteps: given.maxSteps } : saved,
    JSON.parse(stableJson(given)),
  );
  if (differences.length > 0) {
    const lowered = capOf(given) < capOf(saved) ? ' maxSteps can only be raised.' : '';
    return `The checkpoint was saved with different options: ${differences.join('; ')}.${lowered}`;
  }
  if (!raised || progress?.cutPhase === undefined) return undefined;
  return `maxSteps ${capOf(saved)} ended phase "${progress.cutPhase}" and a later phase has begun. With maxSteps ${capOf(given)} the earlier phase would have continued, so the run cannot be resumed.`;
}

function capOf({ maxSteps }: Identity): number {
  return typeof maxSteps === 'number' ? maxSteps : Number.POSITIVE_INFINITY;
}

/** A text such as "batch: 256 saved, 128 given" for every leaf that differs. */
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
    throw damaged(path, 'its header is not valid JSON', cause);
  }
}

function damaged(path: string, what: string, cause?: unknown): LeaError {
  return new LeaError('E_CHECKPOINT_DAMAGED', `The checkpoint is truncated or damaged: ${what.replace(/\.$/, '')}.`, {
    value: path,
    hint: 'Delete the file to start the run over.',
    cause,
  });
}
