import * as ort from 'onnxruntime-web/wasm';

// More threads need a page that is cross-origin isolated.
ort.env.wasm.numThreads = 1;

/** Opens a policy: gives a function from lists of item indices, oldest first, to lists of { item, score }, best first. */
export async function openPolicy(url) {
  const session = await ort.InferenceSession.create(url);
  return async (histories) => {
    const shape = [histories.length, Math.max(0, ...histories.map((history) => history.length))];
    const items = new BigInt64Array(shape[0] * shape[1]);
    const mask = new Uint8Array(items.length);
    for (const [row, history] of histories.entries()) {
      items.set(history.map(BigInt), row * shape[1]);
      mask.fill(1, row * shape[1], row * shape[1] + history.length);
    }
    const feeds = { items: new ort.Tensor('int64', items, shape), mask: new ort.Tensor('bool', mask, shape) };
    const { top_items, top_scores } = await session.run(feeds, ['top_items', 'top_scores']);
    const [rows, k] = top_items.dims;
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: k }, (_, i) => ({
        item: Number(top_items.data[row * k + i]),
        score: top_scores.data[row * k + i],
      })),
    );
  };
}
