import { checkObjects, checkTexts } from '@lea/core';

/** The entries whose name starts with `prefix`, with the prefix removed. */
export function pick<T>(prefix: string, tensors: Record<string, T>): Record<string, T> {
  checkTexts('pick', { prefix });
  checkObjects('pick', { tensors });
  const picked: Record<string, T> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(prefix)) picked[name.slice(prefix.length)] = tensor;
  }
  return picked;
}

/** The same entries with `prefix` added to every name. */
export function prefixed<T>(prefix: string, tensors: Record<string, T>): Record<string, T> {
  checkTexts('prefixed', { prefix });
  checkObjects('prefixed', { tensors });
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}
