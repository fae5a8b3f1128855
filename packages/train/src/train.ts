import { createPolicy, type Fusion, type Policy, weightsHash } from '@lea/agents';
import { eventLoopTurn, type Given, key, type Task, task } from '@lea/core';
import { pick, type Values } from '@lea/tensor';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { TrainEvent, TrainEventDetails, TrainResult } from './events.ts';
import { type FittedFusion, fitFusion } from './fuse.ts';
import { identityOf } from './identity.ts';
import type { Plan, TrainOptions } from './options.ts';
import { planOf } from './plan.ts';
import {
  chunkSteps,
  earliestEnd,
  ending,
  initialRun,
  latestEnd,
  nextPhase,
  phaseEnded,
  phaseOf,
  resumedRun,
  validatedRun,
  validationDue,
} from './progress.ts';
import type { RunState } from './run-state.ts';
import { type Chunk, createBatches } from './steps/batches.ts';
import { inputSpecs } from './steps/feeds.ts';
import { preparePhase } from './steps/prepare-phase.ts';
import { createValidator } from './validation.ts';

/**
 * Trains an agent on logged transitions with early stopping, phase after phase. `await fit(options)` gives the trained policy;
 * `for await (const event of fit(options))` reports progress. An aborted `signal` ends the run cleanly: see `stopped`.
 *
 * All randomness is a pure function of the seed and the step, and checkpoints hold the whole state between two steps.
 * A run that is interrupted at any moment and started again with the same options and versions therefore ends with the same
 * bits. After an update of @lea or of its runtime it goes on as well, but other versions may round otherwise.
 * With `target: 'coin'` (the SQN authors' code) each step trains one of two networks, chosen by a coin flip, against the
 * other; network 1 ranks.
 *
 * @throws LeaError as `planOf`; `E_TRAIN_DIVERGED`, `E_TRAIN_TABLE`, `E_CHECKPOINT_OPTIONS`, `E_CHECKPOINT_FOREIGN`,
 *   `E_CHECKPOINT_DAMAGED`
 */
export function fit(options: TrainOptions): Task<TrainResult, TrainEvent> {
  return task(() => fitting(options));
}

async function* fitting(options: TrainOptions): AsyncGenerator<TrainEvent, TrainResult, undefined> {
  const plan = planOf(options);
  const { checkpoint, signal } = plan;
  const open: { dispose(): Promise<void> }[] = [];
  try {
    let run = initialRun(plan);
    const tell = (details: TrainEventDetails): TrainEvent => {
      const { step: done } = run.progress;
      const total = earliestEnd(plan, run);
      return { ...details, stage: 'training', done, total, open: total < latestEnd(plan, run), unit: 'steps' };
    };
    const batches = createBatches(plan, key(plan.seed), inputSpecs(plan));
    const { validate, runner: scoring } = await createValidator(plan, rankingParams(run.networks));
    open.push(scoring);
    const identity = identityOf(plan, scoring.info);
    let discarded: string | undefined;
    if (checkpoint) {
      const { phases } = plan.agent;
      const options = { initial: run, phases: phases.length, onMismatch: plan.onMismatch };
      const loaded = await loadCheckpoint(checkpoint, identity, options);
      run = resumedRun(plan, loaded.run, loaded.raised);
      discarded = loaded.discarded;
    }
    yield tell(startEvent(plan, run, discarded));

    while (!run.progress.finished) {
      const phase = phaseOf(plan, run);
      const training = await preparePhase(plan, run);
      open.push(training);
      const { phase: index, step } = run.progress;
      const { memoryBytes } = training;
      yield tell({ type: 'phase', phase: phase.name, index, step, ...(memoryBytes !== undefined && { memoryBytes }) });
      let ahead: Chunk | undefined;
      while (!phaseEnded(plan, run)) {
        const { step } = run.progress;
        if (signal?.aborted || validationDue(plan, run)) run = training.settled(run);
        if (signal?.aborted) {
          if (checkpoint) yield tell(await saved(checkpoint, identity, run));
          yield tell({ type: 'stopped', step, path: checkpoint });
          return resultOf(plan, run, true);
        }
        if (validationDue(plan, run)) {
          const metrics = await unlessAborted(signal, validate(rankingParams(run.networks), { step, phase }));
          if (!metrics) continue;
          const [validated, event] = validatedRun(plan, run, metrics);
          run = validated;
          yield tell(event);
          // The last validation of a phase is saved below, as the starting state of the next phase.
          if (checkpoint && !phaseEnded(plan, run)) yield tell(await saved(checkpoint, identity, run));
          continue;
        }
        const chunk = ahead?.from === step ? ahead : batches(step, chunkSteps(plan, run, step));
        const next = step + chunk.steps;
        const running = training.advance(run, chunk);
        // The host prepares the next batches while the runtime computes. Both are awaited even if one fails, so that nothing
        // is disposed while it computes, and no rejection goes unhandled.
        const making = (async () => batches(next, chunkSteps(plan, run, next)))();
        await Promise.allSettled([running, making]);
        const { run: advanced, means } = await running;
        ahead = await making;
        run = advanced;
        yield tell({ type: 'step', phase: phase.name, step: next, ...means });
        await eventLoopTurn();
      }
      await open.pop()!.dispose();
      run = nextPhase(plan, run);
      if (checkpoint) yield tell(await saved(checkpoint, identity, run));
    }
    const fused = await unlessAborted(signal, fusedResult(plan, resultOf(plan, run, false)));
    if (!fused) {
      yield tell({ type: 'stopped', step: run.progress.step, path: checkpoint });
      return resultOf(plan, run, true);
    }
    const { result, fitted } = fused;
    if (fitted) yield tell({ type: 'fused', step: result.steps, fusion: fitted.fusion, value: fitted.value });
    const { steps, best, weightsHash, ended } = result;
    yield tell({ type: 'done', step: steps, best: best!, weightsHash, ended: ended! });
    return result;
  } finally {
    for (const runner of open) await runner.dispose();
  }
}

/** The first network ranks. */
function rankingParams(networks: readonly Values[]): Values {
  return pick('params/', networks[0]!);
}

function startEvent(plan: Plan, run: RunState, discarded?: string): TrainEventDetails {
  const { agent, train, batch, networks, stepsPerEpoch, evaluateEvery } = plan;
  const sizes = Object.values(rankingParams(run.networks)).map(({ data }) => data.length);
  return {
    type: 'start',
    agent: agent.name,
    parameters: networks * sizes.reduce((sum, size) => sum + size, 0),
    rows: train.count,
    batch,
    stepsPerEpoch,
    evaluateEvery,
    resumedFrom: run.progress.step,
    ...(plan.warmStart && { init: plan.warmStart.items }),
    ...(discarded !== undefined && { discarded }),
  };
}

async function saved(
  path: string,
  identity: Parameters<typeof saveCheckpoint>[1],
  run: RunState,
): Promise<TrainEventDetails> {
  await saveCheckpoint(path, identity, run);
  return { type: 'checkpoint', step: run.progress.step, path };
}

async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

function resultOf(plan: Plan, run: RunState, stopped: boolean): TrainResult {
  const params = rankingParams(run.best.length > 0 ? run.best : run.networks);
  const { step, best, curve } = run.progress;
  const policy = policyOf(plan, params, plan.joint && { form: 'joint' });
  return {
    policy,
    params,
    steps: step,
    best,
    curve,
    weightsHash: weightsHash(params),
    init: plan.warmStart?.items,
    ended: stopped ? undefined : ending(plan, run),
    stopped,
    fusion: policy.fusion,
  };
}

function policyOf(plan: Plan, params: Values, fusion: Given<Fusion> | undefined): Policy {
  const { bareAgent, shape, text, threads, backend, memory } = plan;
  const { itemIds } = plan.train.sequences;
  const joined = fusion && memory ? { memory, fusion } : {};
  return createPolicy(bareAgent, params, shape, { text, itemIds, threads, backend, ...joined });
}

/** The result with its network combined with the memory, when that happens after training. */
async function fusedResult(
  plan: Plan,
  result: TrainResult,
): Promise<{ result: TrainResult; fitted: FittedFusion | undefined }> {
  const { memory, fusion: form, validation, metric, exclude, signal } = plan;
  if (!memory || form === 'joint') return { result, fitted: undefined };
  try {
    const fitted = await fitFusion(result.policy, memory, validation, { form, metric, exclude, signal });
    const { fusion } = fitted;
    return { result: { ...result, policy: policyOf(plan, result.params, fusion), fusion }, fitted };
  } finally {
    await result.policy.dispose();
  }
}
