import { type Evaluation, evaluate, type Scores } from '@lea/eval';
import { type Program, type ProgramSpecs, pick, prefixed, type Runner, specsOf, type Values } from '@lea/tensor';
import type { Plan } from './options.ts';
import { sharedFrozen } from './program.ts';
import { prepare } from './runtime.ts';

/** Ranks the validation events with the parameters of a network; rejects with the signal's reason when it aborts. */
export type Validator = (params: Values) => Promise<Evaluation>;

/** Scores per call: enough rows to keep the matrix products busy, without score matrices of hundreds of megabytes. */
const SCORES_PER_CALL = 2 ** 22;

/** Compiles the scoring program once for all validations of a run; the caller disposes the runner. */
export async function createValidator(plan: Plan, params: Values): Promise<{ validate: Validator; runner: Runner }> {
  const { agent, window, shape, validation, signal } = plan;
  const batch = Math.max(16, Math.min(256, Math.floor(SCORES_PER_CALL / shape.items)));
  const program: Program = ({ inputs, frozen }) => {
    const { items, length } = inputs as Record<'items' | 'length', (typeof inputs)[string]>;
    const shared = Object.fromEntries(Object.entries(frozen).filter(([name]) => !name.startsWith('params/')));
    return { state: {}, outputs: { scores: agent.score(pick('params/', frozen), { items, length }, shared) } };
  };
  const fixed = sharedFrozen(plan);
  const specs: ProgramSpecs = {
    inputs: { items: { dtype: 'int32', shape: [batch, window] }, length: { dtype: 'int32', shape: [batch] } },
    frozen: specsOf({ ...fixed, ...prefixed('params/', params) }),
  };
  const runner = await prepare(plan, program, specs, 'direct');
  const validate: Validator = (current) => {
    const frozen = { ...fixed, ...prefixed('params/', current) };
    const score = async (windows: { items: Int32Array; length: Int32Array; size: number }): Promise<Scores> => {
      // The program's batch is fixed: the last one is filled up with empty histories.
      const items = new Int32Array(batch * window).fill(shape.items);
      const length = new Int32Array(batch).fill(1);
      items.set(windows.items);
      for (let i = 0; i < windows.size; i++) length[i] = Math.max(1, Math.min(windows.length[i]!, window));
      const { outputs } = await runner.run({
        inputs: {
          items: { dtype: 'int32', shape: [batch, window], data: items },
          length: { dtype: 'int32', shape: [batch], data: length },
        },
        frozen,
      });
      return (outputs.scores!.data as Float32Array).subarray(0, windows.size * shape.items);
    };
    const scorer = { name: agent.name, items: shape.items, window, score };
    return evaluate(scorer, validation, { batch, ...(signal ? { signal } : {}) });
  };
  return { validate, runner };
}
