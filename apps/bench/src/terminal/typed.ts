/** The command that starts this program, in the repository or as an installed package. */
export const invocation: readonly string[] = import.meta.url.endsWith('.ts')
  ? ['npm', 'run', 'bench', '--']
  : ['npx', 'lea-bench'];

/** Words as typed in a shell, quoted where necessary. */
export function typed(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
