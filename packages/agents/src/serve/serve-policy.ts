import { LeaError, type Resource, resource, withDefaults } from '@lea/core';
import { checkWindows, type Scorer, type Windows } from '@lea/data';
import { itemIndex } from '../item-index.ts';
import { type Recommender, recommender } from '../recommender.ts';
import { historiesPerRun, type ScoreRuns } from '../runs.ts';
import { readMetadata } from './metadata.ts';

/** The part of ONNX Runtime's API that serves: `onnxruntime-node` and `onnxruntime-web` have it. */
export interface OnnxRuntime {
  /** Opens models. */
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<Session> };
  /** Makes inputs. */
  readonly Tensor: {
    new (type: 'int64', data: BigInt64Array, dims: readonly number[]): object;
    new (type: 'bool', data: Uint8Array, dims: readonly number[]): object;
  };
}

interface Session {
  run(feeds: Record<string, object>, outputs: readonly string[]): Promise<Record<string, { readonly data: unknown }>>;
  release(): Promise<void>;
}

/** Options of `servePolicy`. */
export interface ServeOptions {
  /** ONNX Runtime: the module `onnxruntime-node`, or `onnxruntime-web/wasm`. No default. */
  ort: OnnxRuntime;
  /** Options of ONNX Runtime's session, such as `executionProviders`. Default: its own, with warnings off. */
  session?: object | undefined;
  /** Shown in tables of @lea/eval. Default `policy`. */
  name?: string | undefined;
}

/** An exported policy, ready to recommend; a scorer for `evaluate` of @lea/eval as well. */
export interface ServedPolicy extends Recommender, Scorer, Resource {}

/**
 * Opens a policy that `exportOnnx` wrote, in Node or a browser, with ONNX Runtime alone. It answers as the policy does, up to
 * the rounding of float32; what its counting memory knew at the export is part of the model.
 *
 * @param model the bytes of the file: `await readFile(path)` in Node, `await (await fetch(url)).arrayBuffer()` in a page
 * @throws LeaError `E_POLICY_FILE` (not such a file, or ONNX Runtime cannot open it), `E_ITEM_IDS`, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE` (no `ort`)
 */
export async function servePolicy(model: Uint8Array | ArrayBuffer, options: ServeOptions): Promise<ServedPolicy> {
  const { ort, session: asked, name } = withDefaults<ServeOptions>('servePolicy', defaults, options);
  if (!ort?.InferenceSession) {
    throw new LeaError('E_OPTION_VALUE', 'servePolicy: expected the module of ONNX Runtime as ort.', {
      value: ort,
      hint: "Pass { ort } from: import * as ort from 'onnxruntime-node', or 'onnxruntime-web/wasm'.",
    });
  }
  const bytes = bytesOf(model);
  const { items, window, ids } = describe(readMetadata(bytes));
  const index = ids && itemIndex(ids, items);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3, ...asked }).catch((cause) => {
    throw notExported(`ONNX Runtime cannot open it (${(cause as Error)?.message ?? cause})`, cause);
  });

  const runAll: ScoreRuns = async (windows, visit) => {
    const rows = historiesPerRun(items);
    for (let from = 0; from < windows.size; from += rows) {
      const size = Math.min(rows, windows.size - from);
      const { scores } = await session.run(feeds(ort, windows, from, size), ['scores']);
      if (!(scores?.data instanceof Float32Array) || scores.data.length !== size * items) {
        throw notExported(`it does not give ${items} scores for each history`);
      }
      visit(scores.data, from);
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  let disposal: Promise<void> | undefined;
  /** One after another: not every build of ONNX Runtime's lets runs of a session overlap. */
  const runs: ScoreRuns = async (windows, visit) => {
    if (disposal) throw new LeaError('E_DISPOSED', 'The policy has been disposed.', { hint: 'Open it again.' });
    const call = last.then(() => runAll(windows, visit));
    last = call.catch(() => {});
    await call;
  };
  const lists = recommender({ items, window }, index, runs);
  return {
    name: name!,
    items,
    ...(index && { itemIds: index.ids }),
    window,
    get ignored() {
      return lists.ignored;
    },
    recommend: lists.recommend,
    recommendIndices: lists.recommendIndices,
    async score(windows) {
      checkWindows(windows, items);
      const scores = new Float32Array(windows.size * items);
      await runs(windows, (some, from) => scores.set(some, from * items));
      return scores;
    },
    ...resource(() => {
      disposal ??= last.then(() => session.release());
      return disposal;
    }),
  };
}

const defaults: ServeOptions = { ort: undefined as never, session: undefined, name: 'policy' };

function bytesOf(model: unknown): Uint8Array {
  if (model instanceof Uint8Array) return model;
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  throw new LeaError('E_OPTION_VALUE', 'servePolicy: expected the bytes of an ONNX file.', {
    value: model,
    hint: 'Read it first: await readFile(path) in Node, await (await fetch(url)).arrayBuffer() in a page.',
  });
}

/** The form of the catalog, which `exportOnnx` writes into the metadata. */
function describe(metadata: ReadonlyMap<string, string>): {
  items: number;
  window: number;
  ids: readonly string[] | undefined;
} {
  const [items, window] = ['lea.items', 'lea.window'].map((name) => Number(metadata.get(name)));
  if (!(Number.isInteger(items) && items! >= 1 && Number.isInteger(window) && window! >= 1)) {
    throw notExported('its metadata lack lea.items or lea.window');
  }
  const text = metadata.get('lea.ids');
  return { items: items!, window: window!, ids: text === undefined ? undefined : parsedIds(text) };
}

function parsedIds(text: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(text);
    if (Array.isArray(ids)) return ids;
  } catch {
    // The error below says it.
  }
  throw notExported('its metadata lea.ids are no list');
}

function feeds(ort: OnnxRuntime, { items, length, window }: Windows, from: number, size: number) {
  const mask = new Uint8Array(size * window);
  for (let row = 0; row < size; row++) mask.fill(1, row * window, row * window + length[from + row]!);
  const used = items.subarray(from * window, (from + size) * window);
  return {
    items: new ort.Tensor('int64', BigInt64Array.from(used, BigInt), [size, window]),
    mask: new ort.Tensor('bool', mask, [size, window]),
  };
}

function notExported(what: string, cause?: unknown): LeaError {
  return new LeaError('E_POLICY_FILE', `Expected a policy that exportOnnx wrote: ${what}.`, {
    hint: 'Write it with exportOnnx of @lea/agents, and use a version of ONNX Runtime from 1.17 on.',
    ...(cause !== undefined && { cause }),
  });
}
