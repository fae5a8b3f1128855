/**
 * Removes invisible characters at both ends of a text: whitespace, control and zero-width characters, byte order marks.
 */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isInvisible(text.charCodeAt(from))) from++;
  while (to > from && isInvisible(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

function isInvisible(code: number): boolean {
  if (code < 0x7f) return code <= 0x20;
  return code <= 0xa0 || invisible.test(String.fromCharCode(code));
}

const invisible = /[\s\p{Cc}\p{Cf}]/u;
