// A page that computes recommendations in the browser; `browser-check.ts` bundles it and runs it in Chromium.
// #region page
import { type ServedPolicy, servePolicy } from '@lea/agents/serve';
import * as ort from 'onnxruntime-web/wasm';

// More threads need a page that is cross-origin isolated.
ort.env.wasm.numThreads = 1;

export async function openPolicy(url: string): Promise<ServedPolicy> {
  const model = await (await fetch(url)).arrayBuffer();
  return servePolicy(model, { ort });
}
// #endregion page
