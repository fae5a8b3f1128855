import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Part of every run's id: a new version of the bench computes anew. */
export const benchVersion: string = (require('../../package.json') as { version: string }).version;

/** Versions of what decides the numbers. */
export function versions(): Record<string, string> {
  const tensor = createRequire(require.resolve('@lea/tensor/package.json'));
  return {
    lea: benchVersion,
    node: process.versions.node,
    tfjs: versionOf(require, '@tensorflow/tfjs'),
    onnxruntime: versionOf(tensor, 'onnxruntime-node'),
    platform: `${process.platform}-${process.arch}`,
  };
}

function versionOf(from: NodeJS.Require, name: string): string {
  try {
    return (from(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
