import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlannedJob } from '../jobs/graph.ts';
import { sortOpen } from './ready.ts';

const job = (id: string, ...after: PlannedJob[]): PlannedJob => ({ id, after }) as unknown as PlannedJob;
const ids = (jobs: readonly PlannedJob[]): string[] => jobs.map(({ id }) => id);

const alone = job('alone');
const model = job('model');
const fitted = job('fitted', model);
const annotated = job('annotated', model, fitted);
const run = job('run', fitted, annotated);
const all = [alone, model, fitted, annotated, run];

test('jobs are ready when all that they read is finished, the longest chain first', () => {
  expect(ids(sortOpen(all, new Set()).ready)).toEqual(['model', 'alone']);
  expect(ids(sortOpen([alone, fitted, annotated, run], new Set()).ready)).toEqual(['fitted', 'alone']);
  // Several parents: one of them is open.
  expect(ids(sortOpen([annotated, run], new Set()).ready)).toEqual(['annotated']);
  expect(ids(sortOpen([run], new Set()).ready)).toEqual(['run']);
});

test('what reads a failed job is lost, also over other jobs, and nothing else', () => {
  const { ready, lost } = sortOpen([alone, annotated, run], new Set(['fitted']));
  expect(ids(ready)).toEqual(['alone']);
  expect(ids(lost)).toEqual(['annotated', 'run']);
});

test('in any graph, whatever fails: all jobs end as finished, failed or lost, and none begins before those that it reads', () => {
  const graphs = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), fc.boolean()), { maxLength: 20 });
  fc.assert(
    fc.property(graphs, (nodes) => {
      const jobs: PlannedJob[] = [];
      for (const [i, [reads]] of nodes.entries()) {
        const after = i === 0 ? [] : [...new Set(reads.map((at) => jobs[at % i]!))];
        jobs.push(job(`${i}`, ...after));
      }
      const failing = new Set(jobs.filter((_, i) => nodes[i]![1]));
      const [finished, failed, lost] = [new Set<PlannedJob>(), new Set<string>(), new Set<string>()];
      let open = jobs;
      while (open.length > 0) {
        const sorted = sortOpen(open, new Set([...failed, ...lost]));
        expect(sorted.ready.length + sorted.lost.length).toBeGreaterThan(0);
        for (const { id, after } of sorted.lost) {
          expect(after.some((other) => failed.has(other.id) || lost.has(other.id))).toBe(true);
          lost.add(id);
        }
        for (const next of sorted.ready) {
          expect(next.after.every((other) => finished.has(other))).toBe(true);
          if (failing.has(next)) failed.add(next.id);
          else finished.add(next);
        }
        open = open.filter((one) => !finished.has(one) && !failed.has(one.id) && !lost.has(one.id));
      }
    }),
  );
});
