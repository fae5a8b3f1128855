import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealed } from '@lea/core';
import { describe, expect, test } from 'vitest';
import { eventFile } from './event-file.ts';
import { curvesOf } from './scalars.ts';
import { writeEventFiles } from './write.ts';

/** What tensorboard 2.21 writes: `RecordWriter(out).write(Event(...).SerializeToString())` of the same events. */
const golden = [
  '1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110',
  '2600000000000000734fe3000900005040fc54d9412a1b0a190a1276616c69646174696f6e2f6e646367403130150000803e2d0bdbeb',
  '2100000000000000017becf60900008040fc54d94110ac022a130a110a0a747261696e2f6c6f7373150000c0bf4f0d8655',
  '2400000000000000422b804d090000c040fc54d94110f0a2042a150a130a0c746573742f6772c3b6c39f6515cdcccc3d31317635',
];

test('event files have the bytes of TensorBoard', () => {
  const file = eventFile(
    [
      { tag: 'validation/ndcg@10', step: 0, value: 0.25, wallTime: 1700000001.25 },
      { tag: 'train/loss', step: 300, value: -1.5, wallTime: 1700000002 },
      { tag: 'test/größe', step: 70000, value: 0.1, wallTime: 1700000003 },
    ],
    1700000000.5,
  );
  expect(Buffer.from(file).toString('hex')).toBe(golden.join(''));
});

const line = (event: object) => `${JSON.stringify(sealed(event))}\n`;
const validation = (seconds: number, step: number, loss: number | null, value: number) =>
  line({ seconds, type: 'validation', step, loss, value, metrics: { 'ndcg@10': value, 'hr@5/purchase': null } });

/** A folder of runs with one run that was killed after step 20, went on from step 10, and is not finished. */
function begun(): { runs: string; folder: string } {
  const runs = mkdtempSync(join(tmpdir(), 'lea-curves-'));
  const folder = join(runs, 'study', 'sasrec-s0-0123456789');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'events.jsonl');
  writeFileSync(path, line({ seconds: 0, type: 'start', resumedFrom: 0 }));
  appendFileSync(path, validation(1, 10, 3.5, 0.25) + validation(2, 20, 3, 0.75));
  appendFileSync(path, `{"seconds": 2.5, "type": "valid\n${line({ seconds: 2, type: 'start', resumedFrom: 10 })}`);
  appendFileSync(path, validation(3, 20, null, 0.5));
  utimesSync(path, 1700000003, 1700000003);
  return { runs, folder };
}

test('curves come from the log: what a later sitting did again counts once, and time is working time', async () => {
  const { folder } = begun();
  expect(await curvesOf(folder, 'sasrec-s0-0123456789')).toEqual({
    began: 1700000000,
    scalars: [
      { tag: 'validation/ndcg@10', step: 10, value: 0.25, wallTime: 1700000001 },
      { tag: 'train/loss', step: 10, value: 3.5, wallTime: 1700000001 },
      { tag: 'validation/ndcg@10', step: 20, value: 0.5, wallTime: 1700000003 },
    ],
  });
});

test('every run has a file in a folder of its name, and a second export replaces it', async () => {
  const { runs, folder } = begun();
  const out = join(runs, 'out');
  expect(await writeEventFiles(runs, out)).toEqual({ count: 1, of: 'run' });
  const file = join(out, 'study', 'sasrec-s0-0123456789', 'events.out.tfevents.lea');
  const first = readFileSync(file);
  appendFileSync(join(folder, 'events.jsonl'), validation(4, 30, 1, 0.6));
  expect(await writeEventFiles(join(runs, 'study'), join(out, 'study'))).toEqual({ count: 1, of: 'run' });
  expect(readFileSync(file).length).toBeGreaterThan(first.length);
  await expect(writeEventFiles(join(runs, 'none'), out)).rejects.toMatchObject({ code: 'E_RUNS_UNFINISHED' });
});

test('a folder of trials has a file for each, without their records; beside runs they have none', async () => {
  const { runs, folder } = begun();
  const trial = join(runs, 'study', 'search', 'sasrec-0-s0-0123456789');
  cpSync(folder, trial, { recursive: true });
  writeFileSync(join(trial, 'record.json'), JSON.stringify(sealed({ kind: 'trial', id: 'sasrec-0-s0-0123456789' })));
  const out = join(runs, 'out');
  expect(await writeEventFiles(join(runs, 'study', 'search'), out)).toEqual({ count: 1, of: 'trial' });
  expect(readFileSync(join(out, 'sasrec-0-s0-0123456789', 'events.out.tfevents.lea')).length).toBeGreaterThan(100);
  expect(await writeEventFiles(join(runs, 'study'), out)).toEqual({ count: 1, of: 'run' });
});

const python = process.env.LEA_PYTHON ?? '';
const has = python !== '' && spawnSync(python, ['-c', 'import tensorboard']).status === 0;

describe.skipIf(!has)('TensorBoard (LEA_PYTHON names a Python that has it)', () => {
  test('reads the files', async () => {
    const { runs } = begun();
    await writeEventFiles(runs, join(runs, 'out'));
    const script = [
      'import json, sys',
      'from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer',
      'read = EventMultiplexer().AddRunsFromDirectory(sys.argv[1]).Reload()',
      'points = lambda run, tag: [(s.wall_time, s.step, s.value) for s in read.Scalars(run, tag)]',
      'print(json.dumps({run: {tag: points(run, tag) for tag in tags["scalars"]} for run, tags in read.Runs().items()}))',
    ].join('\n');
    const { stdout, stderr } = spawnSync(python, ['-c', script, join(runs, 'out')], { encoding: 'utf8' });
    expect(JSON.parse(stdout || stderr)).toEqual({
      'study/sasrec-s0-0123456789': {
        'validation/ndcg@10': [
          [1700000001, 10, 0.25],
          [1700000003, 20, 0.5],
        ],
        'train/loss': [[1700000001, 10, 3.5]],
      },
    });
  });
});
