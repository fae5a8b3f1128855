/** Helpers of the tests of folders of language models. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { decoderFolder } from '../testing.ts';

export interface ModelFolder {
  /** The folder of a test, at first of a tiny Llama. */
  dir: string;
  /** A new folder like those of the hub, of one of the tiny checkpoints. */
  folderOf(name: string): Promise<string>;
  weights(): Promise<Values>;
  /** Replaces `model.safetensors` by an index and two shards. */
  shard(): Promise<string[]>;
  /** Changes a JSON file. */
  edit(file: string, change: (content: Record<string, unknown>) => void): Promise<void>;
}

/** Gives each test a new folder of a model. All folders are removed after the last test. */
export function modelFolder(): ModelFolder {
  let root = '';
  const at: ModelFolder = {
    dir: '',
    folderOf: (name) => decoderFolder(name, root),
    weights: async () => (await readSafetensors(join(at.dir, 'model.safetensors'))).tensors,
    async shard() {
      const all = Object.entries(await at.weights());
      const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
      const map: Record<string, string> = {};
      for (const [i, file] of files.entries()) {
        const part = Object.fromEntries(all.filter((_, n) => n % 2 === i));
        for (const name of Object.keys(part)) map[name] = file;
        await writeSafetensors(join(at.dir, file), part);
      }
      await writeFile(join(at.dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
      await rm(join(at.dir, 'model.safetensors'));
      return files;
    },
    async edit(file, change) {
      const content = JSON.parse(await readFile(join(at.dir, file), 'utf8')) as Record<string, unknown>;
      change(content);
      await writeFile(join(at.dir, file), JSON.stringify(content));
    },
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'lea-model-'));
  });
  beforeEach(async () => {
    at.dir = await at.folderOf('llama');
  });
  afterAll(() => rm(root, { recursive: true }));
  return at;
}
