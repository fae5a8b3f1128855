import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadRuntime, onnxRuntime } from './onnxruntime.ts';

const folder = mkdtempSync(join(tmpdir(), 'lea-runtime-'));
const from = createRequire(join(folder, 'index.js'));
afterAll(() => rmSync(folder, { recursive: true }));

function install(name: string, source: string): string {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'index.js'), source);
  return name;
}

test('the first package that is installed is taken', () => {
  const own = install('own-runtime', 'module.exports = { Tensor: "own" }');
  const other = install('other-runtime', 'module.exports = { Tensor: "other" }');
  expect(loadRuntime([own, other], from).Tensor).toBe('own');
  expect(loadRuntime(['not-installed', other, own], from).Tensor).toBe('other');
});

test('the real runtime is there', () => {
  expect(new (onnxRuntime().Tensor)('float32', Float32Array.of(1, 2), [2]).size).toBe(2);
});

test('a missing runtime names the platform and the line to type', () => {
  expect(() => loadRuntime(['not-installed'], from)).toThrow(
    expect.objectContaining({
      code: 'E_RUNTIME_MISSING',
      value: `${process.platform} ${process.arch}`,
      message: expect.stringContaining('npm i onnxruntime-node'),
    }),
  );
});

test('a runtime that cannot be loaded is not passed over in silence', () => {
  const broken = install('broken-runtime', 'throw new Error("libc.so.6: not found")');
  const whole = install('whole-runtime', 'module.exports = {}');
  expect(() => loadRuntime([broken, whole], from)).toThrow(
    expect.objectContaining({ code: 'E_RUNTIME_BROKEN', message: expect.stringContaining('libc.so.6') }),
  );
});
