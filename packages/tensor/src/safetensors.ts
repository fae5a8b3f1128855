import { LeaError, readWhole, replaceFile } from '@lea/core';
import { decode, isStoredType, STORED_BYTES } from './stored-types.ts';
import type { Value, Values } from './types.ts';
import { sizeOf } from './values.ts';

/** A header larger than this is no header of ours or of anybody's. */
const LARGEST_HEADER = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes tensors to a file in the safetensors format, whole or not at all. Equal tensors give equal bytes: names are sorted.
 *
 * @param metadata text kept in the header
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function writeSafetensors(
  path: string,
  values: Values,
  metadata: Record<string, string> = {},
): Promise<void> {
  const names = Object.keys(values).sort();
  const header: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const name of names) {
    const { dtype, shape, data } = values[name]!;
    const stored = dtype === 'float32' ? 'F32' : dtype === 'int32' ? 'I32' : 'BOOL';
    header.push([name, { dtype: stored, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  // Readers map the file into memory: the data starts at a multiple of eight.
  const length = Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(8 + length + offset, ' ');
  file.writeBigUInt64LE(BigInt(length), 0);
  text.copy(file, 8);
  let position = 8 + length;
  for (const name of names) {
    const { data } = values[name]!;
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  await replaceFile(path, file);
}

/**
 * Reads a safetensors file. F16, BF16 and F64 become float32; I64 and the small integers become int32.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_SAFETENSORS` (what is wrong, and the file)
 */
export async function readSafetensors(path: string): Promise<{ tensors: Values; metadata: Record<string, string> }> {
  const file = await readWhole(path);
  const { header, data } = splitFile(file, path);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const read: [string, Value][] = entries.map(([name, entry]) => {
    const { dtype, shape, data_offsets: range } = checkEntry(entry, data.length, `tensor "${name}"`, path);
    return [name, decode(dtype, shape, data.subarray(...range), (what) => malformed(path, `tensor "${name}" ${what}`))];
  });
  checkOverlaps(header as Record<string, Entry>, path);
  return { tensors: Object.fromEntries(read), metadata: checkMetadata(header.__metadata__, path) };
}

function splitFile(file: Buffer, path: string): { header: Record<string, unknown>; data: Buffer } {
  if (file.length < 8) throw malformed(path, `it has ${file.length} bytes, too few for a header`);
  const length = Number(file.readBigUInt64LE(0));
  if (length > LARGEST_HEADER) throw malformed(path, `it announces a header of ${length} bytes`);
  if (length > file.length - 8)
    throw malformed(path, `it ends within its header (${file.length} of ${length + 8} bytes)`);
  let header: unknown;
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + length));
  } catch (cause) {
    throw malformed(path, 'its header is not JSON', cause);
  }
  if (!isRecord(header)) throw malformed(path, 'its header is not a JSON object');
  return { header, data: file.subarray(8 + length) };
}

function checkEntry(entry: unknown, available: number, what: string, path: string): Entry {
  if (!isRecord(entry)) throw malformed(path, `${what} is not described by an object`);
  const { dtype, shape, data_offsets: range } = entry as Partial<Entry>;
  if (typeof dtype !== 'string' || !isStoredType(dtype))
    throw malformed(path, `${what} has dtype ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) throw malformed(path, `${what} has no valid shape`);
  if (!isCounts(range) || range.length !== 2) throw malformed(path, `${what} has no valid offsets`);
  const [begin, end] = range as [number, number];
  if (begin > end || end > available)
    throw malformed(path, `${what} lies at ${begin}..${end} of ${available} bytes: is the file cut?`);
  if (end - begin !== sizeOf(shape) * STORED_BYTES[dtype]) {
    throw malformed(path, `${what} has ${end - begin} bytes, which is not ${dtype}[${shape.join(', ')}]`);
  }
  return { dtype, shape, data_offsets: [begin, end] };
}

function checkOverlaps(header: Record<string, Entry>, path: string): void {
  const ranges = Object.entries(header)
    .filter(([name, { data_offsets: [begin, end] = [0, 0] }]) => name !== '__metadata__' && end > begin)
    .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (let i = 1; i < ranges.length; i++) {
    const [[before, a], [after, b]] = [ranges[i - 1]!, ranges[i]!];
    if (b.data_offsets[0] < a.data_offsets[1]) throw malformed(path, `tensors "${before}" and "${after}" overlap`);
  }
}

function checkMetadata(metadata: unknown, path: string): Record<string, string> {
  if (metadata === undefined) return {};
  if (isRecord(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw malformed(path, 'its metadata is not a set of texts');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function malformed(path: string, what: string, cause?: unknown): LeaError {
  const hint = 'Write or download it again.';
  return new LeaError('E_SAFETENSORS', `Not a valid safetensors file: ${what}.`, { value: path, hint, cause });
}
