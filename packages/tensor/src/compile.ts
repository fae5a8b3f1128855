import { checkChoices, checkFunctions, checkObjects, resource } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkProgramSpecs } from './arguments.ts';
import { stepCount } from './feed.ts';
import { estimatedMemory } from './memory.ts';
import { modelGraph, modelNames, STEPS } from './onnx/program.ts';
import { record } from './recorder/record.ts';
import { createSession, ortIntegers, ortTensors, type SessionOptions, sessionOptions, valuesOf } from './session.ts';
import type { Feed, Mode, Program, ProgramSpecs, Runner, RunResult } from './types.ts';

/** Options of `compile`. */
export interface CompileOptions extends SessionOptions {
  /** Steps per run, see `Mode`. Default: `loop`. */
  readonly mode?: Mode | undefined;
}

/**
 * Records a program and compiles it for ONNX Runtime.
 *
 * @throws LeaError `E_OP_UNSUPPORTED` (an op cannot be recorded), `E_TRACED_READ` (the program reads tensor data),
 *   `E_TRACED_RANDOM` (it draws random numbers without a key), `E_PROGRAM` (the state changes its names, shapes or dtypes),
 *   `E_COMPILE_MEMORY` (it needs more memory than there is), `E_COMPILE` (ONNX Runtime rejects the model), `E_OPTION_VALUE`
 */
export async function compile(program: Program, specs: ProgramSpecs, options: CompileOptions = {}): Promise<Runner> {
  checkFunctions('compile', { program });
  checkProgramSpecs('compile', { specs });
  checkObjects('compile', { options });
  const { mode = 'loop' } = options;
  const { threads, spinning } = sessionOptions('compile', options);
  checkChoices('compile', { mode }, { mode: ['loop', 'direct'] });
  await tf.ready();
  const recorded = record(program, specs);
  const memoryBytes = estimatedMemory(recorded, specs);
  const session = await createSession(modelGraph(recorded, specs, mode), { threads, spinning });
  const { state = {}, frozen = {} } = specs;
  const names = modelNames(mode);

  async function run(feed: Feed): Promise<RunResult> {
    const steps = stepCount(specs, feed, mode);
    const fetched = await session.run({
      ...(mode === 'loop' && { [STEPS]: ortIntegers([steps], []) }),
      ...ortTensors(state, feed.state ?? {}, names.state),
      ...ortTensors(frozen, feed.frozen ?? {}, names.frozen),
      ...ortTensors(specs.inputs, feed.inputs, names.inputs),
    });
    return {
      state: valuesOf(state, fetched, names.nextState),
      outputs: valuesOf(recorded.outputSpecs, fetched, names.outputs),
    };
  }

  return {
    run,
    ...resource(session.dispose),
    info: { backend: 'onnxruntime', nodes: recorded.nodes.length, threads, memoryBytes },
  };
}
