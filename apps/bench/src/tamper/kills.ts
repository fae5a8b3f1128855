import { readdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, type Key, uniform } from '@lea/core';
import { bench, start } from '../testing/bench.ts';
import { outcomeOf, runsOf, smallFolder } from './experiment.ts';

/**
 * Kills the bench (SIGKILL) `count` times at random moments. After each kill it continues in the same folder until the
 * experiment is finished.
 *
 * @returns problems: outcomes that differ from an uninterrupted run, and temporary files that were left behind
 */
export async function kills(count: number, root: Key): Promise<string[]> {
  const command = ['run', 'mini.json'];
  const uncut = smallFolder();
  const started = performance.now();
  await bench(command, uncut);
  const longest = performance.now() - started;
  const wanted = await outcomeOf(uncut);
  const wrong: string[] = [];
  const finish = async (folder: string): Promise<void> => {
    const { code, stderr } = await bench(command, folder);
    if (code !== 0) wrong.push(`exit code ${code}: ${stderr.trim().split('\n').at(-1)}`);
    else if ((await outcomeOf(folder)) !== wanted) wrong.push('another result after kills');
    const left = (readdirSync(runsOf(folder), { recursive: true }) as string[]).filter((name) => name.endsWith('.tmp'));
    if (left.length > 0) wrong.push(`left behind: ${left.join(', ')}`);
    rmSync(folder, { recursive: true });
  };
  let folder = smallFolder();
  for (let kill = 0; kill < count; kill++) {
    const { child, ended } = start(command, folder);
    const [share] = uniform(fold(root, kill), 1);
    // At most half of the total time, because finished work is not repeated after a kill.
    await Promise.race([sleep((share! * longest) / 2), ended]);
    child.kill('SIGKILL');
    const { code } = await ended;
    if (code === null) continue;
    // The bench finished before the kill: continue in a new folder.
    await finish(folder);
    folder = smallFolder();
    kill--;
  }
  await finish(folder);
  rmSync(uncut, { recursive: true });
  return wrong;
}
