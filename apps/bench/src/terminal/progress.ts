import { duration } from './duration.ts';
import { printable } from './printable.ts';

/** The progress of one piece of work. */
export interface Position {
  /** The part of the work in which `step` counts; a new one restarts the estimate of the remaining time. */
  readonly stage?: string;
  /** May have a fraction, of which a tenth is shown. */
  readonly step: number;
  /** The number of steps, if known. */
  readonly total?: number | undefined;
  /** Whether `total` is only the earliest end. */
  readonly open?: boolean;
  /** The name of the steps. */
  readonly unit?: string | undefined;
  readonly note?: string | undefined;
}

/** Shows the progress of the bench. Methods may be called at any rate. */
export interface Progress {
  /** Begins a stage; `ordinal` of `stages` when known. */
  begin(title: string): void;
  at(position: Position): void;
  /** Ends the stage with one permanent line; `took` replaces the time since it began. */
  end(summary: string, took?: string): void;
  /** Shows a permanent line between stages. */
  say(line: string): void;
}

const BAR = 24;
const REDRAW_MS = 80;
/** Without a terminal, the minimum time between two lines, in milliseconds. */
const PLAIN_MS = 15_000;

/**
 * Progress on a stream: a live bar with the remaining time on a terminal, occasional plain lines elsewhere.
 *
 * @param stages expected number of stages, for `[3/9]`
 * @param plain milliseconds between two lines without a terminal
 */
export function createProgress(
  out: NodeJS.WriteStream,
  stages: number,
  { now = Date.now, plain = PLAIN_MS }: { readonly now?: () => number; readonly plain?: number } = {},
): Progress {
  const live = out.isTTY === true;
  let title = '';
  let ordinal = 0;
  let started = 0;
  let first: { stage: string | undefined; step: number; time: number } | undefined;
  let shown = 0;
  const clear = () => live && out.write('\r\x1b[2K');
  const label = () => `[${Math.min(ordinal, stages)}/${stages}] ${title}`;
  return {
    begin(next) {
      title = printable(next);
      ordinal++;
      started = now();
      first = undefined;
      shown = live ? 0 : started;
      if (!live) out.write(`${label()} ...\n`);
      else out.write(fit(label(), out.columns));
    },
    at({ stage, step, total, open, unit, note }) {
      const time = now();
      // A resumed run starts in the middle, so its speed is measured from there.
      if (!first || first.stage !== stage) first = { stage, step, time };
      if (time - shown < (live ? REDRAW_MS : plain)) return;
      shown = time;
      const seconds = (time - first.time) / 1000;
      const done = step - first.step;
      const left = total !== undefined && done > 0 ? (seconds / done) * (total - step) : undefined;
      const named = unit ? ` ${unit}` : '';
      const parts = [
        stage ?? '',
        total === undefined ? `step ${counted(step)}` : `${counted(step)}/${total}${open ? '+' : ''}${named}`,
        note ?? '',
        left === undefined ? '' : `${open ? 'at least' : 'about'} ${duration(left)} left`,
      ].filter(Boolean);
      const bar = live && total !== undefined ? ` ${drawBar(step / total)}` : '';
      const line = `${label()}${bar} ${printable(parts.join(' · '))}`;
      if (live) {
        clear();
        out.write(fit(line, out.columns));
      } else out.write(`${line}\n`);
    },
    end(summary, took) {
      clear();
      out.write(`${label()}: ${printable(summary)} (${took ?? duration((now() - started) / 1000)})\n`);
    },
    say(line) {
      clear();
      out.write(`${printable(line)}\n`);
    },
  };
}

/** Whole steps, and tenths of the current one. */
function counted(step: number): string {
  return Number.isInteger(step) ? String(step) : (Math.floor(10 * step) / 10).toFixed(1);
}

function drawBar(share: number): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * BAR);
  return `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)}`;
}

/** Truncates to one line, because a wrapped line cannot be redrawn in place. */
export function fit(line: string, given: number | undefined): string {
  const columns = given || 80;
  return line.length < columns ? line : `${line.slice(0, Math.max(1, columns - 2))}…`;
}
