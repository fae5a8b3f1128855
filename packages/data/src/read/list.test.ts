import { expect, it } from 'vitest';
import { listOf } from './list.ts';

const where = () => 'x.inter line 2';

it.each([
  ['5 3', ['5', '3']],
  ['5  3\n7', ['5', '3', '7']],
  ['', []],
  ['[]', []],
  ['[5 3]', ['5', '3']],
  ['[5, 3]', ['5', '3']],
  ['(5,)', ['5']],
  ['{5,3}', ['5', '3']],
  ['["5","3"]', ['5', '3']],
  ["['5', '3']", ['5', '3']],
  ['["a, b" "c\\"d" "\\u00e9"]', ['a, b', 'c"d', 'é']],
  ["['it\\'s']", ["it's"]],
])('reads %j', (cell, list) => {
  expect(listOf(cell, undefined, where)).toEqual(list);
});

it.each([
  ['5,3', ',', ['5', '3']],
  ['5, 3,', ',', ['5', '3']],
  ['5||3', '|', ['5', '', '3']],
  ['[5|3]', '|', ['5', '3']],
  ['["5", "3"]', ',', ['5', '3']],
  ['a(1)  b,c', ' ', ['a(1)', 'b,c']],
])('reads %j separated by %j', (cell, separator, list) => {
  expect(listOf(cell, separator, where)).toEqual(list);
});

it.each(['5,3', '5;3', '5|3', '[5', '3]', '"5 3"', '[[5, 3]]', '[5,,3]', '["5""3"]', '["5]', '[np.int64(5)]'])(
  'refuses %j',
  (cell) => {
    expect(() => listOf(cell, undefined, where)).toThrow(/^x\.inter line 2: the list.*Got .*"separator"/);
  },
);
