/** Says what may be wrong with ids: some that look the same and are not, lost characters, brackets and quotes around them. */
export function idNotes(what: 'user' | 'item', ids: readonly string[]): string[] {
  const pair = lookAlikes(ids);
  const lost = ids.find((id) => id.includes('\ufffd'));
  const wrapped = ids.find((id) => /^(".*"|'.*'|\[.*\]|\(.*\)|\{.*\})$/s.test(id));
  return [
    ...(pair ? [`Two different ${what} ids look alike: ${escaped(pair[0])} and ${escaped(pair[1])}.`] : []),
    ...(lost === undefined ? [] : [`The ${what} id ${escaped(lost)} holds U+FFFD, which stands for a lost character.`]),
    ...(wrapped === undefined
      ? []
      : [`The ${what} id ${escaped(wrapped)} is in quotes or brackets, which are part of it.`]),
  ];
}

/** Two that differ only in what does not show: zero-width characters, sorts of blanks, composed and decomposed letters. */
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

const plain = /^[\x20-\x7e]*$/;

function escaped(id: string): string {
  const shown = JSON.stringify(id.length > 60 ? `${id.slice(0, 60)}...` : id);
  return shown.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
