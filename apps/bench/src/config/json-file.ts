import { LeaError } from '@lea/core';
import { readWhole } from '@lea/core/node';

/**
 * Reads a handwritten JSON file: UTF-8, with or without a byte order mark.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_CONFIG_JSON`
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readWhole(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LeaError('E_CONFIG_JSON', `Expected a UTF-8 file at ${path}.`, { hint: 'Save it as UTF-8.', cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LeaError('E_CONFIG_JSON', `${path} is not valid JSON: ${(cause as Error).message}.`, {
      hint: 'Check the commas and quotes near this place.',
      cause,
    });
  }
}
