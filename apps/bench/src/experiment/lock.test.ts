import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alone, beside } from './alone.ts';
import { isHeld, lockFolder } from './lock.ts';

const folderOf = () => join(mkdtempSync(join(tmpdir(), 'lea-lock-')), 'runs');
const lockModule = new URL('./lock.ts', import.meta.url).href;

/** Another process that holds the lock until it is killed. */
async function holder(folder: string): Promise<ChildProcess> {
  const script = `const { lockFolder } = await import(${JSON.stringify(lockModule)});
    console.log((await lockFolder(${JSON.stringify(folder)})).state);
    setInterval(() => {}, 1000);`;
  const args = ['--conditions=@lea/source', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout!, 'data');
  expect(String(said).trim()).toBe('held');
  return child;
}

test('a folder is held by one process until it ends, be it by kill -9', async () => {
  const folder = folderOf();
  expect(isHeld(folder)).toBe(false);
  const other = await holder(folder);
  expect((await lockFolder(folder)).state).toBe('busy');
  expect(isHeld(folder)).toBe(true);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const lock = await lockFolder(folder);
  expect(lock.state).toBe('held');
  expect((await lockFolder(folder)).state).toBe('busy');
  lock.release();
  const next = await lockFolder(folder);
  expect(next.state).toBe('held');
  next.release();
  expect(isHeld(folder)).toBe(false);
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('what cannot be a lock is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-lock-'));
  writeFileSync(join(folder, 'lock'), 'x'.repeat(5000));
  expect((await lockFolder(folder)).state).toBe('none');
  await expect(lockFolder(join(folder, 'lock', 'below'))).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
});

test('two benches do not work in one folder; one with nothing to make does not mind', async () => {
  const folder = folderOf();
  const remains = join(folder, 'a.json.01234567-89ab-cdef-0123-456789abcdef.tmp');
  await alone(folder, false, async () => {
    writeFileSync(remains, '');
    const refused = { code: 'E_RUNS_BUSY', value: folder };
    await expect(alone(folder, false, async () => 'work')).rejects.toMatchObject(refused);
    expect(await alone(folder, true, async () => 'table')).toBe('table');
    expect(readdirSync(folder)).toHaveLength(2);
  });
  // what a killed write left is gone at the next start
  expect(await alone(folder, false, async () => readdirSync(folder))).toEqual(['lock']);
  await expect(alone(folder, false, () => Promise.reject(new Error('cut')))).rejects.toThrow('cut');
  expect(await alone(folder, false, async () => 'work')).toBe('work');
});

test('several processes share a folder, and none of them has it alone', async () => {
  const folder = folderOf();
  const remains = join(folder, 'a.json.01234567-89ab-cdef-0123-456789abcdef.tmp');
  await beside(folder, async () => {
    writeFileSync(remains, '');
    // The second leaves the files of the first as they are.
    expect(await beside(folder, async () => readdirSync(folder))).toHaveLength(2);
    await expect(alone(folder, false, async () => 'work')).rejects.toMatchObject({ code: 'E_RUNS_BUSY' });
  });
  expect(await beside(folder, async () => readdirSync(folder))).toEqual(['lock']);
  expect(await alone(folder, false, async () => 'work')).toBe('work');
});
