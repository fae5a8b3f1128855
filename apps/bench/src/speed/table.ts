import { printable, printableJson } from '../terminal/printable.ts';
import { terminalTable } from '../terminal/table.ts';
import type { Measurement } from './measure.ts';
import type { Variant } from './pairs.ts';

/** A line of `speed`: the measurement of a pair, or the error that prevented it. */
export type SpeedLine = Asked & (Measurement | Failure);

/** The requested pair: a type with options is an object, a type without options is a name. */
export interface Asked {
  readonly agent: string | Variant;
  readonly encoder: string | Variant;
  readonly items: number;
}

export interface Failure {
  readonly error: string;
}

export function speedTable(lines: readonly SpeedLine[]): string {
  const head = [
    'engine',
    'agent',
    'encoder',
    'phase',
    'items',
    'batch',
    'threads',
    'ms/step',
    'min',
    'peak MB',
    'ratio',
  ];
  const table = terminalTable(head, 4);
  for (const line of lines) {
    const [agent, encoder] = [nameOf(line.agent), nameOf(line.encoder)];
    if ('error' in line) {
      table.push(['lea', agent, encoder, '', line.items, { colSpan: 6, content: 'failed', hAlign: 'left' }]);
      continue;
    }
    const times = [line.msPerStep.toFixed(1), line.msPerStepMin.toFixed(1)];
    const ratio = line.ratio?.toFixed(2) ?? '';
    const { engine, phase, items, batch, threads, peakMemoryMB } = line;
    table.push([engine, agent, encoder, phase, items, batch, threads, ...times, peakMemoryMB, ratio]);
  }
  return table.toString();
}

function nameOf(part: string | Variant): string {
  return typeof part === 'string' ? printable(part) : printableJson(part);
}
