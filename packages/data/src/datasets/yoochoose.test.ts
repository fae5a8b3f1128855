import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadYoochoose } from './yoochoose.ts';

const at = (second: number) => `2014-04-07T10:51:${String(second).padStart(2, '0')}.277Z`;
const clicks = (session: number, ...items: number[]) =>
  items.map((item, i) => `${session},${at(i)},${item},0`).join('\n');

function folder(...sessions: string[]): string {
  return folderWith({
    'yoochoose-clicks.dat': `${sessions.join('\n')}\n`,
    // Session 2 is too short. The purchase in session 1 comes at the time of its second click.
    'yoochoose-buys.dat': `1,${at(1)},7,100,1\n2,${at(5)},7,100,1\n`,
  });
}

it('joins the clicks and purchases of sessions with at least three clicks', async () => {
  const dir = folder(clicks(1, 5, 6, 5), clicks(2, 5, 6), clicks(70_000, 6, 6, 5, 8));
  const { name, interactions } = await loadYoochoose(dir);
  const { userIds, itemIds, kinds, user, item, kind, time } = interactions;
  expect([name, userIds, itemIds, kinds]).toEqual([
    'yoochoose',
    ['1', '70000'],
    ['5', '6', '7', '8'],
    ['click', 'purchase'],
  ]);
  expect([...user]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect([...item]).toEqual([0, 1, 2, 0, 1, 1, 0, 3]);
  expect([...kind]).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
  expect(time[0]).toBe(Date.parse(at(0)));
});

it('draws sessions by the seed', async () => {
  const dir = folder(...Array.from({ length: 40 }, (_, s) => clicks(s + 1, 1, 2, 3)));
  const drawn = async (seed: number) => (await loadYoochoose(dir, { sessions: 10, seed })).interactions.userIds;
  expect(await drawn(0)).toHaveLength(10);
  expect(await drawn(0)).toEqual(await drawn(0));
  expect(await drawn(1)).not.toEqual(await drawn(0));
});

it.each([
  ['no session of three clicks', clicks(1, 5, 6), 'E_DATA_EMPTY'],
  ['a session that is no number', 'a,b,c,0', 'E_CELL_BAD'],
])('refuses %s', async (_, text, code) => {
  await expect(loadYoochoose(folder(text))).rejects.toMatchObject({ code });
});

it('says which files are missing and where people get them', async () => {
  await expect(loadYoochoose(folderWith({ 'yoochoose-clicks.dat': '' }))).rejects.toThrow(
    /lacks yoochoose-buys\.dat.*RecSys Challenge 2015/,
  );
});
