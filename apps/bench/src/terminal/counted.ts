/** `1 run`, `1,142 users`. @param one the word for one of them, which takes an s for more */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}
