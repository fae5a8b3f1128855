import { createRequire } from 'node:module';
import { LeaError } from '@lea/core';
import type { InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';

/** The part of ONNX Runtime's API that programs are run with. */
export interface OnnxRuntime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

const require = createRequire(import.meta.url);
let loaded: OnnxRuntime | undefined;

/**
 * ONNX Runtime for this machine, loaded at the first call: `onnxruntime-node` where the user has installed it (for CUDA,
 * or another version), else the package of this platform that came with `@lea/tensor`.
 *
 * @throws LeaError `E_RUNTIME_MISSING` (neither is installed), `E_RUNTIME_BROKEN` (it is there, but cannot be loaded)
 */
export function onnxRuntime(): OnnxRuntime {
  // It sends usage data and leaves log files in the temporary folder unless it is told not to.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  loaded ??= loadRuntime(['onnxruntime-node', `@lea/onnxruntime-${process.platform}-${process.arch}`], require);
  return loaded;
}

/** The first of the packages that is installed. Exported for tests. @throws LeaError as {@link onnxRuntime} */
export function loadRuntime(packages: readonly string[], from: NodeJS.Require): OnnxRuntime {
  for (const name of packages) {
    try {
      from.resolve(name);
    } catch {
      continue;
    }
    try {
      return from(name) as OnnxRuntime;
    } catch (cause) {
      throw new LeaError('E_RUNTIME_BROKEN', `The package ${name} is installed but cannot be loaded.`, {
        value: String(cause),
        hint: 'ONNX Runtime for Linux needs glibc (Alpine has none). Install again on the machine that runs it.',
        cause,
      });
    }
  }
  throw new LeaError('E_RUNTIME_MISSING', 'Expected a package with ONNX Runtime for this platform, found none.', {
    value: `${process.platform} ${process.arch}`,
    hint: 'Run: npm i onnxruntime-node. It serves Linux and Windows on x64 and arm64, and macOS on arm64; npm leaves it out with --omit=optional.',
  });
}
