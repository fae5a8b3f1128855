import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createBoard } from './board.ts';

function screen(isTTY: boolean): { out: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const write = (part: string) => {
    text += part;
    return true;
  };
  return { out: { isTTY, columns: 40, rows: 20, write } as unknown as NodeJS.WriteStream, text: () => text };
}

test('off a terminal each new line is told once, without control characters', () => {
  const { out, text } = screen(false);
  const board = createBoard(out);
  board.show('a', 'CE ...');
  board.show('b', 'SNQN ...');
  board.show('a', 'CE ...');
  board.show('a', 'CE 5/9');
  board.end('a', 'CE 5/9');
  board.end('b', 'SNQN: done');
  board.say('b\x1b failed');
  expect(text()).toBe('CE ...\nSNQN ...\nCE 5/9\nSNQN: done\nb\\u{1b} failed\n');
});

test('on a terminal every piece of work has one line, below those of what has ended', () => {
  const { out, text } = screen(true);
  const board = createBoard(out);
  board.show('a', 'CE ...');
  board.show('b', `SNQN ${'x'.repeat(60)}`);
  board.show('a', 'CE 5/9');
  board.end('a', 'CE: done');
  const shown = stripVTControlCharacters(text());
  expect(shown).toMatch(/CE: done\nSNQN x{33}…\n$/);
  expect(text()).toContain('\x1b[');
});
