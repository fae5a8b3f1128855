/** Says which ids look the same and yet are not, or hold characters that were lost before they were read. */
export function lookAlikes(what: 'user' | 'item', ids: readonly string[]): string[] {
  const odd = ids.filter((id) => !plain.test(id));
  if (odd.length === 0) return [];
  const first = new Map(ids.filter((id) => plain.test(id)).map((id) => [id, id]));
  const pairs: [string, string][] = [];
  for (const id of odd) {
    const shown = id
      .normalize('NFC')
      .replace(/\p{Cf}/gu, '')
      .replace(/\s/gu, ' ');
    const other = first.get(shown);
    if (other === undefined) first.set(shown, id);
    else pairs.push([other, id]);
  }
  const lost = odd.find((id) => id.includes('\ufffd'));
  return [
    ...pairs.slice(0, 1).map((pair) => {
      const [one, other] = pair.map(escaped);
      return `Different ${what} ids look alike: ${one} and ${other} (pairs like this: ${pairs.length}).`;
    }),
    ...(lost === undefined ? [] : [`The ${what} id ${escaped(lost)} holds U+FFFD, which stands for a lost character.`]),
  ];
}

const plain = /^[\x20-\x7e]*$/;

function escaped(id: string): string {
  return JSON.stringify(id).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
