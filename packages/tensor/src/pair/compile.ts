import { resource } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { estimatedMemory } from '../memory.ts';
import { pairGraph, pairNames, TURNS } from '../onnx/pair-program.ts';
import { modelNames, STEPS } from '../onnx/program.ts';
import { record } from '../recorder/record.ts';
import { createSession, ortIntegers, ortTensors, type SessionOptions, sessionOptions, valuesOf } from '../session.ts';
import type { PairFeed, PairResult, PairRunner, PairSpecs, Program } from '../types.ts';
import { partnerSpecs } from './specs.ts';
import { checkPairFeed, turnLengths } from './turns.ts';

/** Compiles a program with two networks for ONNX Runtime. @throws LeaError as `compile` */
export async function compilePair(program: Program, specs: PairSpecs, options: SessionOptions): Promise<PairRunner> {
  const { threads, spinning } = sessionOptions('preparePair', options);
  await tf.ready();
  const { state = {}, frozen = {}, inputs } = specs;
  const recorded = record(program, { ...specs, frozen: { ...frozen, ...partnerSpecs(specs) } });
  const both = Object.fromEntries([0, 1].flatMap((n) => Object.entries(state).map(([name, spec]) => [n + name, spec])));
  const memoryBytes = estimatedMemory(recorded, { state: both });
  const session = await createSession(pairGraph(recorded, specs), { threads, spinning });
  const names = modelNames('loop');
  const [first, second] = [pairNames(0), pairNames(1)];

  async function run(feed: PairFeed): Promise<PairResult> {
    checkPairFeed(specs, feed);
    const lengths = turnLengths(feed.turns);
    const fetched = await session.run({
      [STEPS]: ortIntegers([lengths.length / 2], []),
      [TURNS]: ortIntegers(lengths, [lengths.length / 2, 2]),
      ...ortTensors(state, feed.states[0], first.fed),
      ...ortTensors(state, feed.states[1], second.fed),
      ...ortTensors(frozen, feed.frozen ?? {}, names.frozen),
      ...ortTensors(inputs, feed.inputs, names.inputs),
    });
    return {
      states: [valuesOf(state, fetched, first.returned), valuesOf(state, fetched, second.returned)],
      outputs: valuesOf(recorded.outputSpecs, fetched, names.outputs),
    };
  }

  return {
    run,
    ...resource(session.dispose),
    info: { backend: 'onnxruntime', nodes: recorded.nodes.length, threads, memoryBytes },
  };
}
