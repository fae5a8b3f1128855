// Runs in the browser: posts the evaluations, and the recommendations of each policy in `/queries.json`.
import type { Query, Recommendation } from '@lea/agents/serve';
import { env } from 'onnxruntime-web/wasm';
import { openPolicy } from '../../page.ts';
import { evaluations } from './evaluations.ts';

/** The answer of the page. */
export interface Answer {
  readonly version: string;
  /** JSON of the evaluations. */
  readonly evaluated: string;
  /** By policy. */
  readonly lists: Record<string, Recommendation[][]>;
}

async function answer(): Promise<Answer> {
  const response = await fetch('/queries.json');
  const { names, queries } = (await response.json()) as { names: string[]; queries: Query[] };
  const lists: Record<string, Recommendation[][]> = {};
  for (const name of names) {
    const policy = await openPolicy(`/${name}/policy.onnx`);
    lists[name] = await policy.recommend(queries, 10);
    await policy.dispose();
  }
  return { version: `onnxruntime-web ${env.versions.web}`, evaluated: JSON.stringify(await evaluations()), lists };
}

const posted = await answer().catch((error: unknown) => ({ error: String(error) }));
await fetch('/answer', { method: 'POST', body: JSON.stringify(posted) });
