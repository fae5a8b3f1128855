/** Warnings about suspicious ids: ids that look alike, lost characters, rounded numbers, surrounding quotes or brackets. */
export function idNotes(what: 'user' | 'item', ids: readonly string[]): string[] {
  if (ids.every((id) => ordinary.test(id))) return [];
  const pair = lookAlikes(ids) ?? sameNumbers(ids);
  const notes = pair ? [`Two different ${what} ids look alike: ${escaped(pair[0])} and ${escaped(pair[1])}.`] : [];
  for (const [form, tale] of forms) {
    const id = ids.find((id) => form.test(id));
    if (id !== undefined) notes.push(`The ${what} id ${escaped(id)} ${tale}.`);
  }
  return notes;
}

const forms: readonly [RegExp, string][] = [
  [/\ufffd/, 'contains U+FFFD, which replaces a lost character'],
  [/^\d(\.\d+)?e\+\d+$/i, 'looks like a number that was rounded when the file was made'],
  [/^(".*"|'.*'|\[.*\]|\(.*\)|\{.*\})$/s, 'includes its surrounding quotes or brackets'],
];

/** Two ids that differ only invisibly: in zero-width characters, kinds of whitespace, or Unicode normalization. */
function lookAlikes(ids: readonly string[]): [string, string] | undefined {
  const odd = ids.filter((id) => !plain.test(id));
  if (odd.length === 0) return undefined;
  const first = new Map(ids.filter((id) => plain.test(id)).map((id) => [id, id]));
  for (const id of odd) {
    const shown = id
      .normalize('NFC')
      .replace(/\p{Cf}/gu, '')
      .replace(/\s/gu, ' ');
    const other = first.get(shown);
    if (other !== undefined) return [other, id];
    first.set(shown, id);
  }
  return undefined;
}

/** Two ids such as 7 and 7.0: programs write integers like this when a column has missing values. */
function sameNumbers(ids: readonly string[]): [string, string] | undefined {
  const decimals = ids.filter((id) => /^\d+\.0+$/.test(id));
  if (decimals.length === 0) return undefined;
  const all = new Set(ids);
  const twin = decimals.find((id) => all.has(id.replace(/\.0+$/, '')));
  return twin === undefined ? undefined : [twin.replace(/\.0+$/, ''), twin];
}

/** Ids that none of the notes is about. */
const ordinary = /^[\w:-]*$/;

const plain = /^[\x20-\x7e]*$/;

function escaped(id: string): string {
  const shown = JSON.stringify(id.length > 60 ? `${id.slice(0, 60)}...` : id);
  return shown.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
