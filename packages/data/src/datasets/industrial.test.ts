import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadIndustrial } from './industrial.ts';

it('loads Industrial and Scientific', async () => {
  const dir = folderWith({
    'Scientific.test.inter': 'user_id:token\titem_id_list:token_seq\titem_id:token\n0\t1 0\t2\n1\t0\t1\n',
    'Scientific.text': 'item_id:token\ttext:token_seq\nB2\tTwo. Cat. Brand. \nB0\tZero.\nB1\tOne.\n',
    'Scientific.item2index': 'B0\t0\r\nB1\t1\rB2\t2\n',
  });
  const { name, interactions, itemTexts } = await loadIndustrial(dir);
  expect(name).toBe('industrial');
  expect([...interactions.item]).toEqual([1, 0, 2, 0, 1]);
  expect(itemTexts.texts).toEqual(['Zero.', 'One.', 'Two. Cat. Brand.']);
});

it('says which files are missing and where people get them', async () => {
  await expect(loadIndustrial(folderWith({ 'Scientific.text': '' }))).rejects.toThrow(
    /lacks Scientific\.test\.inter, Scientific\.item2index.*Amazon Review Data 2018.*UniSRec/,
  );
});
