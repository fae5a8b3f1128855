import { createLogUpdate } from 'log-update';
import { printable } from './printable.ts';
import { fit } from './progress.ts';

/** Shows one line of progress for each of several pieces of work. */
export interface Board {
  /** Shows the newest line of a piece of work. */
  show(id: string, line: string): void;
  /** Ends a piece of work, with a permanent line if there is something to tell. */
  end(id: string, line?: string): void;
  /** Shows a permanent line. */
  say(line: string): void;
}

/** A board on a stream: lines that are redrawn below the permanent ones on a terminal, one after the other elsewhere. */
export function createBoard(out: NodeJS.WriteStream): Board {
  const lines = new Map<string, string>();
  const say = (line: string): void => void out.write(`${printable(line)}\n`);
  if (out.isTTY !== true) {
    const show = (id: string, line: string): void => {
      if (lines.get(id) !== line) say(line);
      lines.set(id, line);
    };
    const end = (id: string, line?: string): void => {
      if (line !== undefined) show(id, line);
      lines.delete(id);
    };
    return { show, end, say };
  }
  const live = createLogUpdate(out);
  const draw = (): void => live([...lines.values()].map((line) => fit(printable(line), out.columns)).join('\n'));
  const permanent = (line: string): void => {
    live.clear();
    say(line);
    draw();
  };
  return {
    show(id, line) {
      lines.set(id, line);
      draw();
    },
    end(id, line) {
      lines.delete(id);
      if (line === undefined) draw();
      else permanent(line);
      if (lines.size === 0) live.done();
    },
    say: permanent,
  };
}
