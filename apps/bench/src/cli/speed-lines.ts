import { describeFailure } from '../terminal/failure.ts';
import { printableJson } from '../terminal/printable.ts';

/** Flags that several speed commands have. */
export const speedFlags = {
  threads: { type: 'string', description: 'Threads (default: all cores, at most 2)', valueHint: 'N' },
  python: {
    type: 'string',
    description: 'With --peer torch: the Python with PyTorch',
    valueHint: 'PATH',
    default: 'python3',
  },
  json: { type: 'boolean', description: 'Write only JSON lines, without the table on standard error' },
} as const;

/** Measures and writes the lines as JSON. If the measurement fails, its only line contains the error. */
export async function writeLines<A extends object, M extends object>(
  asked: A,
  measure: () => Promise<readonly M[]>,
): Promise<(A & (M | { readonly error: string }))[]> {
  const lines = await measure().then(
    (measured) => measured.map((line) => ({ ...asked, ...line })),
    (failure: unknown) => {
      const error = describeFailure(failure, Boolean(process.env.LEA_DEBUG));
      process.stderr.write(`  ${error}\n`);
      return [{ ...asked, error }];
    },
  );
  for (const line of lines) process.stdout.write(`${printableJson(line)}\n`);
  return lines;
}

/** Writes the table, unless only JSON is wanted. The exit code is 1 if a measurement failed. */
export function finish<L extends object>(
  lines: readonly L[],
  table: (lines: readonly L[]) => string,
  json: boolean,
): void {
  if (!json) process.stderr.write(`${table(lines)}\n`);
  if (lines.some((line) => 'error' in line)) process.exitCode = 1;
}
