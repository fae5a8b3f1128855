import { fileURLToPath } from 'node:url';

/** Path of a reference file: in `GOLDEN_DIR` if set, otherwise the copy in this package. */
export function goldenPath(name: string): string {
  const root = process.env.GOLDEN_DIR ?? fileURLToPath(new URL('../fixtures', import.meta.url));
  return `${root}/${name}`;
}
