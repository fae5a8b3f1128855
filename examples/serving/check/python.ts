import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Answers } from './answers.ts';

const program = `
import json, onnxruntime
from recommend import recommend, session
assert session.get_modelmeta().producer_name == "@lea/agents"
assert json.loads(session.get_modelmeta().custom_metadata_map["lea.agent"])["encoder"]
items, scores = recommend(json.load(open("../histories.json")))
assert recommend([])[0].shape == (0, 10)
lists = [[dict(item=i, score=s) for i, s in zip(*row)] for row in zip(items.tolist(), scores.tolist())]
print(json.dumps(dict(version="onnxruntime " + onnxruntime.__version__, lists=lists)))
`;

/** The answers of `recommend.py`, run next to each policy. */
export async function askPython(command: string, folder: string, names: readonly string[]): Promise<Answers> {
  const answers: Answers = { version: '', lists: {} };
  for (const name of names) {
    const { stdout } = await promisify(execFile)(command, ['-c', program], {
      cwd: join(folder, name),
      env: { ...process.env, PYTHONPATH: join(import.meta.dirname, '..'), PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 2 ** 26,
    });
    const { version, lists } = JSON.parse(stdout);
    answers.version = version;
    answers.lists[name] = lists;
  }
  return answers;
}
