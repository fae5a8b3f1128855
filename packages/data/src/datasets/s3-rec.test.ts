import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadS3Rec } from './s3-rec.ts';

it('reads one user per line', async () => {
  const { name, interactions } = await loadS3Rec(folderWith({ 'Beauty.txt': '1 5 6 5\n2 10\n10 6 5\n' }), 'Beauty.txt');
  const { userIds, itemIds, user, item } = interactions;
  expect([name, userIds, itemIds]).toEqual(['Beauty', ['1', '2', '10'], ['5', '6', '10']]);
  expect([...user]).toEqual([0, 0, 0, 1, 2, 2]);
  expect([...item]).toEqual([0, 1, 0, 2, 1, 0]);
});

it.each([
  ['a user without items', '1 5 6\n2\n', { code: 'E_ROW_BAD', message: expect.stringMatching(/line 2/) }],
  ['two lines of a user', '1 5 6\n1 7\n', { code: 'E_ID_DUPLICATE', message: expect.stringMatching(/line 2: line 1/) }],
])('refuses %s', async (_, text, error) => {
  await expect(loadS3Rec(folderWith({ 'Beauty.txt': text }), 'Beauty.txt')).rejects.toMatchObject(error);
});

it('says which file is missing and where people get it', async () => {
  await expect(loadS3Rec(folderWith({}), 'LastFM.txt')).rejects.toThrow(/lacks LastFM\.txt.*CIKM2020-S3Rec/);
});
