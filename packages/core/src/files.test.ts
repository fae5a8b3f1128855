import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, readWhole, removeRemains, replaceFile } from './node.ts';

describe('files', () => {
  it('replaces a file whole and makes missing folders', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const path = join(folder, 'deep', 'file.txt');
    await replaceFile(path, 'one');
    await replaceFile(path, [Uint8Array.of(119, 104), Uint8Array.of(111)]);
    expect((await readWhole(path)).toString()).toBe('who');
    await replaceFile(path, new Uint8Array(new ArrayBuffer(8), 3, 2).fill(104));
    expect((await readWhole(path)).toString()).toBe('hh');
    await replaceFile(path, Uint8Array.of(104, 105));
    expect((await readWhole(path)).toString()).toBe('hi');
  });

  it('names the file when it cannot be read or written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    await expect(readWhole(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
    await writeFile(join(folder, 'plain'), 'x');
    await expect(replaceFile(join(folder, 'plain', 'below'), 'y')).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
    expect(await readFile(join(folder, 'plain'), 'utf8')).toBe('x');
  });

  it('makes a folder and those above it, once and from several calls at a time', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'lea-')), 'a', 'b', 'c');
    await Promise.all([makeFolder(folder), makeFolder(folder)]);
    await makeFolder(folder);
    expect((await stat(folder)).isDirectory()).toBe(true);
    await writeFile(join(folder, 'plain'), 'x');
    await expect(makeFolder(join(folder, 'plain'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(folder, 'plain', 'd'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform !== 'linux')('gives up in a folder that takes no others', async () => {
    await expect(makeFolder('/proc/lea/runs')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(replaceFile('/proc/lea/runs/file.txt', 'x')).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
  });

  it('writes under a random name first, and leaves nothing else behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const path = join(folder, 'file.txt');
    const beside = new Set<string>();
    function* watched() {
      for (const name of readdirSync(folder)) if (name !== 'file.txt') beside.add(name);
      yield Uint8Array.of(104);
    }
    for (let i = 0; i < 3; i++) await replaceFile(path, watched());
    expect(beside.size).toBe(3);
    for (const name of beside) expect(name).toMatch(/^file\.txt\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/);
    function* failing() {
      yield Uint8Array.of(104);
      throw new Error('cut');
    }
    await expect(replaceFile(path, failing())).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
    expect(await readdir(folder)).toEqual(['file.txt']);
    expect(await readFile(path, 'utf8')).toBe('h');
  });

  it('keeps a link and its permissions', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const [real, link] = [join(folder, 'real.txt'), join(folder, 'link.txt')];
    await writeFile(real, 'one');
    await chmod(real, 0o600);
    await symlink(real, link);
    await replaceFile(link, 'two');
    expect(await readFile(real, 'utf8')).toBe('two');
    expect((await stat(real)).mode & 0o777).toBe(0o600);
  });

  it('removes what killed writes left, of one file or of all, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const remains = (name: string) => join(folder, `${name}.01234567-89ab-cdef-0123-456789abcdef.tmp`);
    await mkdir(join(folder, 'deep'));
    const others = [join(folder, 'mine.tmp'), join(folder, 'a.1.tmp')];
    const killed = [remains('a'), remains('b'), remains('deep/a')];
    for (const path of [...others, ...killed]) await writeFile(path, '');
    await removeRemains(folder, 'a');
    expect((await readdir(folder)).sort()).toEqual([
      'a.1.tmp',
      'b.01234567-89ab-cdef-0123-456789abcdef.tmp',
      'deep',
      'mine.tmp',
    ]);
    await removeRemains(folder);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.1.tmp', 'deep', 'mine.tmp']);
    await removeRemains(join(folder, 'none'));
  });
});
