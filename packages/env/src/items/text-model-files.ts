import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '@lea/core';

/** Weight files in the `onnx` folder of a text model by precision. */
export const TEXT_MODEL_FILES = {
  fp32: 'model.onnx',
  fp16: 'model_fp16.onnx',
  q8: 'model_quantized.onnx',
  q4: 'model_q4.onnx',
} as const;

/** Precision of the weights of a text model. */
export type TextModelPrecision = keyof typeof TEXT_MODEL_FILES;

/** Files that text vectors depend on, besides the weights. */
const DESCRIPTIONS = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];

/** Hash of all files in a text model's folder that its vectors depend on. Missing files are allowed. */
export async function textModelHash(folder: string, dtype: TextModelPrecision): Promise<string> {
  const weights = TEXT_MODEL_FILES[dtype];
  // Includes external weights: model.onnx_data, model.onnx_data_1, ...
  const names = (await readdir(join(folder, 'onnx')).catch(() => [])).filter((name) => name.startsWith(weights)).sort();
  const files = [...DESCRIPTIONS, ...names.map((name) => join('onnx', name))];
  const hashes = await Promise.all(files.map((file) => fileHash(join(folder, file)).catch(() => 'missing')));
  return contentHash(names, hashes);
}

/** Hashes a file as a stream, because weights may be too large to read at once. */
async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
