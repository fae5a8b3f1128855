import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const page = readFileSync(new URL('./guide/many-runs.md', import.meta.url), 'utf8');

/** The code of a page's block, by the name of its file. */
function block(name: string): string {
  const [, code] = page.split(new RegExp(`^\`\`\`\\w+ \\[${name}\\]\\n`, 'm'))[1]!.match(/^(.*?)^```/ms)!;
  return code!;
}

/** The commands of the bench that a script calls. */
const commands = (script: string): string[] => [...script.matchAll(/lea-bench (\w+)/g)].map(([, command]) => command!);

test.each([
  ['parallel.sh', ['plan', 'work', 'collect']],
  ['submit.sh', ['plan', 'collect']],
  ['work.sbatch', ['work']],
  ['store.sh', ['work']],
])('%s is a shell script that only calls the bench', (name, called) => {
  const script = block(name);
  expect(script.startsWith('#!/usr/bin/env bash\n')).toBe(true);
  expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  expect(commands(script)).toEqual(called);
});

test('the batch script asks Slurm for time to save, which sbatch reads before the first command', () => {
  const lines = block('work.sbatch').split('\n').slice(1);
  const first = lines.findIndex((line) => !line.startsWith('#SBATCH '));
  expect(lines.slice(first).join('\n')).not.toContain('#SBATCH');
  for (const line of lines.slice(0, first)) expect(line).toMatch(/^#SBATCH --[a-z-]+=\S+$/);
  expect(lines.slice(0, first).join('\n')).toContain('--signal=B:TERM@');
  // Slurm signals the shell: the bench has to take its place.
  expect(block('work.sbatch')).toMatch(/^exec .*lea-bench work/m);
});

test('the Kubernetes manifest is an indexed Job, whose index chooses the job', () => {
  const { apiVersion, kind, metadata, spec } = parse(block('stage-0.yaml'));
  expect({ apiVersion, kind }).toEqual({ apiVersion: 'batch/v1', kind: 'Job' });
  expect(metadata.name).toMatch(/^[a-z0-9-]+$/);
  expect(spec).toMatchObject({
    completionMode: 'Indexed',
    completions: expect.any(Number),
    parallelism: expect.any(Number),
    backoffLimitPerIndex: expect.any(Number),
    maxFailedIndexes: spec.completions,
  });
  const { restartPolicy, containers, volumes } = spec.template.spec;
  // Kubernetes takes a limit per index only with this policy.
  expect(restartPolicy).toBe('Never');
  const [{ command, args, volumeMounts }] = containers;
  expect(volumeMounts.map(({ name }: { name: string }) => name)).toEqual(
    volumes.map(({ name }: { name: string }) => name),
  );
  // The third line of the list for index 2, as the only argument of --run.
  const [script] = args as [string];
  const said = script
    .replace('exec node_modules/.bin/lea-bench', 'printf "%s|"')
    .replace('stage-0.txt', '<(printf "a\\nb\\nc\\n")');
  const { stdout } = spawnSync(command[0], [...command.slice(1), said], {
    env: { ...process.env, JOB_COMPLETION_INDEX: '2' },
    encoding: 'utf8',
  });
  expect(stdout).toBe('work|study.json|--runs|runs|--progress|300|--run|c|');
  expect(commands(script)).toEqual(['work']);
});
