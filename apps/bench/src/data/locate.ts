import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of a public data set: the one given (default `data`), or its sub-folder of the usual name where that exists. */
export async function locate(given: string | undefined, usual: string): Promise<string> {
  const folder = given ?? 'data';
  const inside = join(folder, usual);
  return access(inside).then(
    () => inside,
    () => folder,
  );
}
