import { terminalTable } from '../../terminal/table.ts';
import type { EnvMeasurement } from './measure.ts';
import type { Task } from './settings.ts';
import type { ShapeName } from './shapes.ts';

/** A line of `speed env`: a measurement, or the error that prevented it. */
export type EnvLine = EnvMeasurement | { readonly what: Task; readonly shape: ShapeName; readonly error: string };

export function envTable(lines: readonly EnvLine[]): string {
  const head = [
    'task',
    'model',
    'engine',
    'rows',
    'per second',
    'ms/step',
    'min',
    'peak MB',
    'ratio',
    'quartiles',
    'CPU ratio',
  ];
  const table = terminalTable(head, 3);
  for (const line of lines) {
    const { what, shape } = line;
    if ('error' in line) {
      table.push([what, shape, 'lea', { colSpan: head.length - 3, content: 'failed', hAlign: 'left' }]);
      continue;
    }
    const { engine, batch, tokensPerSecond, statesPerSecond, msPerStep, msPerStepMin, peakMemoryMB } = line;
    const rate =
      statesPerSecond === undefined ? `${whole(tokensPerSecond!)} tokens` : `${whole(statesPerSecond)} states`;
    const ratio = line.ratio?.toFixed(2) ?? '';
    const cpu = line.cpuRatio?.toFixed(2) ?? '';
    const quartiles = line.ratioQuartiles?.map((value) => value.toFixed(2)).join('-') ?? '';
    const times = [msPerStep.toFixed(1), msPerStepMin.toFixed(1)];
    table.push([what, shape, engine, batch, rate, ...times, peakMemoryMB, ratio, quartiles, cpu]);
  }
  return table.toString();
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
