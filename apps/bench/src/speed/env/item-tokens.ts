import { itemTokenStep, meanWords, ready, tokenRows } from '@lea/env/measuring';
import { int32, prefixed, specsOf, type Values, writeSafetensors } from '@lea/tensor';
import type { Rounds } from '../settings.ts';
import { randomModel } from './random-model.ts';
import { type EnvSettings, RATES } from './settings.ts';
import { shapes } from './shapes.ts';

/** Prepares the step of `learnItemTokens`, on texts that fill every position. */
export async function itemTokenRounds({
  shape,
  batch,
  length,
  threads,
  steps,
  start,
  spinning,
}: EnvSettings): Promise<Rounds> {
  const languageModel = randomModel(shapes[shape], length);
  const texts = Array.from({ length: batch }, (_, i) => `item ${i}`);
  const rows = tokenRows(languageModel.tokenizer, texts, length);
  const vectors = meanWords(languageModel, rows);
  const { program, inputs, constants, begin } = itemTokenStep(languageModel, rows, RATES['item tokens']);
  const { frozen, ...first } = begin(Int32Array.from(texts.keys()), vectors);
  let { state } = first;
  if (start) {
    const batches: Values = Object.fromEntries(
      ['ids', 'weights'].map((name) => [name, { ...frozen[name]!, shape: [1, ...frozen[name]!.shape] }]),
    );
    const given = { ...prefixed('params/', { vectors: state.vectors! }), ...prefixed('inputs/', batches) };
    await writeSafetensors(start, { ...given, ...prefixed('frozen/', languageModel.params) });
  }
  const specs = { state: specsOf(state), inputs, frozen: specsOf(frozen), constants };
  const runner = await ready(program, specs, { threads, backend: undefined, spinning });
  return {
    async round() {
      const numbers = int32(new Int32Array(steps), [steps]);
      const result = await runner.run({ state, inputs: { step: numbers }, frozen, steps });
      state = result.state;
      return [...result.outputs.loss!.data];
    },
    end: () => runner.dispose(),
  };
}
