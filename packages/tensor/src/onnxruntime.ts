import { createRequire } from 'node:module';
import { LeaError } from '@lea/core';
import type { InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';

/** The part of ONNX Runtime's API that runs programs. */
export interface OnnxRuntime {
  /** Creates sessions from models. */
  readonly InferenceSession: InferenceSessionFactory;
  /** Creates tensors. */
  readonly Tensor: TensorConstructor;
}

const require = createRequire(import.meta.url);
let loaded: OnnxRuntime | undefined;

/**
 * ONNX Runtime for this platform, loaded at the first call: `onnxruntime-node` if it is installed (for CUDA or another
 * version), otherwise the platform package that comes with `@lea/tensor`.
 *
 * @throws LeaError `E_RUNTIME_MISSING` (none is installed), `E_RUNTIME_BROKEN` (installed, but cannot be loaded)
 */
export function onnxRuntime(): OnnxRuntime {
  // Without this it sends usage data and leaves log files in the temporary folder.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  loaded ??= loadRuntime(['onnxruntime-node', `@lea/onnxruntime-${process.platform}-${process.arch}`], require);
  return loaded;
}

/** Loads the first installed package. Exported for tests. @throws LeaError the same as {@link onnxRuntime} */
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
        hint: 'On Linux, ONNX Runtime needs glibc (Alpine lacks it). Run npm install again on the machine that runs it.',
        cause,
      });
    }
  }
  throw new LeaError('E_RUNTIME_MISSING', 'ONNX Runtime is not installed for this platform.', {
    value: `${process.platform} ${process.arch}`,
    hint:
      'Run: npm i onnxruntime-node. It supports Linux and Windows on x64 and arm64, and macOS on arm64. ' +
      'Do not install with --omit=optional.',
  });
}
