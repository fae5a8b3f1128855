import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

const OWN = ['agents', 'core', 'data', 'env', 'eval', 'tensor', 'train'] as const;

/** Versions of what decides the numbers. */
export function versions(): Record<string, string> {
  return {
    lea: versionOf('.'),
    node: process.versions.node,
    ...engines(),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** Versions of everything that computes: part of every id and key, so that a new version computes anew. */
export function computing(): Record<string, string> {
  return {
    bench: versionOf('.'),
    ...Object.fromEntries(OWN.map((name) => [name, versionOf(`@lea/${name}`)])),
    ...engines(),
  };
}

function engines(): Record<string, string> {
  const tensor = findPackageJSON('@lea/tensor', import.meta.url)!;
  const platform = `@lea/onnxruntime-${process.platform}-${process.arch}`;
  const runtime = versionOf('onnxruntime-node', tensor);
  return {
    tfjs: versionOf('@tensorflow/tfjs-core'),
    // Both are one version of ONNX Runtime; the first comes first where both are there.
    onnxruntime: runtime === UNKNOWN ? versionOf(platform, tensor) : runtime,
    transformers: versionOf('@huggingface/transformers'),
  };
}

const UNKNOWN = 'unknown';

/** Version of a package as `from` finds it; `.` is its own. */
function versionOf(name: string, from: string = import.meta.url): string {
  try {
    return (JSON.parse(readFileSync(findPackageJSON(name, from)!, 'utf8')) as { version: string }).version;
  } catch {
    return UNKNOWN;
  }
}
