/** How this program is called: by the command of the repository, or as an installed package. */
export const invocation: readonly string[] = import.meta.url.endsWith('.ts')
  ? ['npm', 'run', 'bench', '--']
  : ['npx', 'lea-bench'];

/** Words as they are typed in a shell, those with blanks or signs in quotes. */
export function typed(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
