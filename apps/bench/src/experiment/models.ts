import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { LeaError } from '@lea/core';
import { type LanguageModel, loadLanguageModel } from '@lea/env';
import type { EnvironmentConfig } from '../config/schema.ts';

/** The identity of models, by the name that configs give them: the hash of their content, or the name on the hub. */
export type Models = Readonly<Record<string, string>>;

/** Identities of the models that environments read. @throws LeaError `E_MODEL_MISSING`, the errors of `loadLanguageModel` */
export async function modelsOf(environments: readonly Omit<EnvironmentConfig, 'itemInput'>[]): Promise<Models> {
  const models: Record<string, string> = {};
  for (const { tier, model } of environments) {
    if (model === undefined) continue;
    if (tier === 'encoder') models[model] ??= await identityOf(model);
    if (tier === 'decoder') models[model] ??= (await pretrained(model)).hash;
  }
  return models;
}

const loaded = new Map<string, Promise<LanguageModel>>();

/** A language model of tier decoder. It is loaded once in a process: for its hash, and for all environments that begin as it does. */
export function pretrained(model: string): Promise<LanguageModel> {
  const known = loaded.get(model) ?? loadLanguageModel(model);
  loaded.set(model, known);
  return known;
}

async function identityOf(model: string): Promise<string> {
  const isFolder = await stat(model).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return await hashFolder(model);
  if (!isAbsolute(model) && !model.startsWith('.')) return model;
  throw new LeaError('E_MODEL_MISSING', 'Expected a model folder that exists.', {
    value: model,
    hint: 'Set "model" to the folder that contains config.json, tokenizer.json and the onnx folder.',
  });
}

async function hashFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    hash.update(`${relative(folder, file)}\0${(await stat(file)).size}\0`);
    for await (const part of createReadStream(file)) hash.update(part as Buffer);
  }
  return hash.digest('hex');
}
