import { LeaError } from '@lea/core';
import type { Values } from '@lea/tensor';
import { checkDecoder } from '../language-model/decoders/config.ts';
import { decoderSpecs } from '../language-model/decoders/modules.ts';
import { type EnvironmentConfig, headNames, itemWidth, LONGEST } from '../model/config.ts';

/**
 * Checks that the sizes of a config match the tensors, because programs and arrays are allocated by the config.
 *
 * @param tensors parameters, `counts` and, with item tokens, `tokens.vectors`
 * @throws LeaError `E_ENVIRONMENT_FILE`
 */
export function checkSizes(config: EnvironmentConfig, tensors: Values): void {
  const { connector, decoder, items, window, textMemoryWidth, rewardHeads, prompt } = config;
  const refuse = (what: string, value: unknown): never => {
    throw new LeaError('E_ENVIRONMENT_FILE', `The config of the environment does not match its tensors: ${what}.`, {
      value,
    });
  };
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(window) || window < 1 || window > LONGEST) refuse('window', window);
  // Every layer and every head has at least one tensor.
  const most = Object.keys(tensors).length;
  if (!isCount(rewardHeads) || rewardHeads < 1 || rewardHeads > most) refuse('rewardHeads', rewardHeads);
  checkDecoder(decoder);
  if (decoder.layers > most) refuse('layers', decoder.layers);

  const width = itemWidth(config);
  const [, columns] = (tensors['tokens.vectors'] ?? tensors['memory.directions'])?.shape ?? [];
  const needed: [name: string, shape: readonly number[]][] = [
    ...Object.entries(decoderSpecs(decoder)).map(([name, { shape }]): [string, readonly number[]] => [name, shape]),
    ['counts', [items]],
    ['start', [1, decoder.width]],
    ...headNames(config).map((head): [string, number[]] => [`${head}score.weight`, [1, 2 * width]]),
  ];
  if (connector) {
    const { heads } = connector;
    if (!isCount(width) || !isCount(heads) || heads < 1 || width % heads !== 0) refuse('connector', connector);
    needed.push(
      ['connector.input.weight', [decoder.width, width]],
      ['connector.output.weight', [width, decoder.width]],
      ['connector.mean', [decoder.width]],
      ['connector.scale', [decoder.width]],
    );
  }
  if (config.itemInput !== 'text') needed.push(['item.id', [items, width]]);
  if (tensors['tokens.vectors']) {
    needed.push(['tokens.vectors', [items, columns!]], ['item.projection.weight', [width, columns!]]);
  }
  if (textMemoryWidth !== 0) needed.push(['memory.directions', [textMemoryWidth, columns!]]);
  if (prompt) {
    const parts = [prompt.before, prompt.between, prompt.after];
    if (!parts.every(isCount)) refuse('prompt', parts);
    needed.push(['prompt.words', [parts.reduce((sum, part) => sum + part, 0), decoder.width]]);
  }
  for (const [name, shape] of needed) {
    const has = tensors[name]?.shape;
    if (has?.join() !== shape.join()) refuse(`"${name}" must be [${shape.join(', ')}]`, has);
  }
}
