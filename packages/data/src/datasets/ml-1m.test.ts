import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import type { Interactions } from '../interactions.ts';
import { loadMl1m } from './ml-1m.ts';

const sequencesOf = ({ userIds, itemIds, user, item }: Interactions): string[] =>
  userIds.map((id, u) => `${id}: ${[...item].filter((_, e) => user[e] === u).map((i) => itemIds[i])}`);

it('joins the histories of training with the last items, and says what is missing', async () => {
  const dir = folderWith({ 'train_input.txt.gz': gzipSync('1 2 3\n10 2\n'), 'test_output.txt': '7\n1\n' });
  const { name, interactions } = await loadMl1m(dir);
  expect(name).toBe('ml-1m');
  expect(sequencesOf(interactions)).toEqual(['1: 1,2,3,7', '2: 10,2,1']);
  expect(interactions.info.notes).toEqual([expect.stringMatching(/^The second-last event .* no ml-1m\.txt/)]);
});

it('reads the whole data set where it is', async () => {
  const dir = folderWith({
    'ml-1m.txt': '1 1\n1 2\n2 10\n1 3\n',
    'train_input.txt.gz': gzipSync('9\n'),
    'test_output.txt': '9\n',
  });
  const { interactions } = await loadMl1m(dir);
  expect(sequencesOf(interactions)).toEqual(['1: 1,2,3', '2: 10']);
  expect(interactions.info.notes).toEqual([]);
});

it('refuses files of different users', async () => {
  const dir = folderWith({ 'train_input.txt.gz': gzipSync('1 2\n3 4\n'), 'test_output.txt': '7\n' });
  await expect(loadMl1m(dir)).rejects.toThrow(/one line per user.*train_input\.txt\.gz.*2.*test_output\.txt.*1/s);
});

it('says which files are missing and where people get them', async () => {
  await expect(loadMl1m(folderWith({ 'train_input.txt.gz': '' }))).rejects.toThrow(
    /lacks test_output\.txt.*ml-1m\.txt of github\.com\/kang205\/SASRec.*gSASRec-pytorch/,
  );
});
