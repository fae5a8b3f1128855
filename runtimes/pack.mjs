// Fills the package in the current folder before it is packed: the files of onnxruntime-node for one platform.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { name, version, publishConfig } = JSON.parse(readFileSync('package.json', 'utf8'));
const { resolve } = createRequire(new URL('../packages/tensor/package.json', import.meta.url));
const source = dirname(resolve('onnxruntime-node/package.json'));
const found = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).version;
if (found !== version)
  throw new Error(`Expected onnxruntime-node ${version} for ${name}, got ${found}. Install the matching version.`);

for (const folder of ['dist', 'bin']) rmSync(folder, { recursive: true, force: true });
for (const file of readdirSync(join(source, 'dist')).filter((file) => file.endsWith('.js')))
  cpSync(join(source, 'dist', file), join('dist', file));
const binaries = join('bin', 'napi-v6', publishConfig.os[0], publishConfig.cpu[0]);
cpSync(join(source, binaries), binaries, { recursive: true });
cpSync(join('..', 'LICENSE'), 'LICENSE');
