import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { checkFunctions, checkObjects, checkPaths, contentHash, LeaError, show, withDefaults } from '@lea/core';
import { readError, replaceFile } from '@lea/core/node';
import { checkValueArguments } from './arguments.ts';
import { bytesOf, decode, isStoredType, STORED_BYTES } from './stored-types.ts';
import type { Value, Values } from './types.ts';
import { sizeOf } from './values.ts';

/** Maximum header size that is accepted, in bytes; real headers are far smaller. */
const LARGEST_HEADER = 100_000_000;

/** Bytes per read; operating systems read less than 2 GiB at a time. */
const LARGEST_READ = 2 ** 30;

interface Entry {
  /** Any string: tensors that are not wanted may have an unsupported type. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The metadata key of the hashes: first that of the rest of the header, then one per tensor in the order of names. */
const SEAL = 'sha256';

/**
 * Writes tensors to a safetensors file, atomically. Names are sorted, so equal tensors give equal bytes. The header contains
 * hashes of itself and of every tensor (the metadata entry `sha256`).
 *
 * @param metadata strings to store in the header
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function writeSafetensors(
  path: string,
  values: Values,
  metadata: Record<string, string> = {},
): Promise<void> {
  checkPaths('writeSafetensors', { path });
  checkObjects('writeSafetensors', { values, metadata });
  for (const [name, value] of Object.entries(values)) checkValueArguments('writeSafetensors', { [name]: value });
  const names = Object.keys(values).sort();
  const parts = names.map((name) => bytesOf(values[name]!.data));
  let offset = 0;
  // Built from pairs, because an assignment to `__proto__` would not add an entry.
  const entries: Record<string, Entry> = Object.fromEntries(
    names.map((name, i) => {
      const { dtype, shape } = values[name]!;
      const stored = dtype === 'float32' ? 'F32' : dtype === 'int32' ? 'I32' : 'BOOL';
      const begin = offset;
      offset += parts[i]!.length;
      return [name, { dtype: stored, shape, data_offsets: [begin, offset] }];
    }),
  );
  const seal = sealOf(entries, metadata, parts.map(digest));
  const text = Buffer.from(JSON.stringify({ __metadata__: { ...metadata, [SEAL]: seal }, ...entries }));
  // The data starts at a multiple of eight, because readers map the file into memory.
  const length = Math.ceil(text.length / 8) * 8;
  const head = Buffer.alloc(8 + length, ' ');
  head.writeBigUInt64LE(BigInt(length), 0);
  text.copy(head, 8);
  await replaceFile(path, [head, ...parts]);
}

/** Options of `readSafetensors`. */
export interface ReadOptions {
  /** Selects tensors by name; others cost neither time nor memory. Default: all. */
  readonly wanted?: ((name: string) => boolean) | undefined;
}

/**
 * Reads a safetensors file. F16, BF16 and F64 become float32; I64 and small integers become int32. Each tensor is read into
 * its own array, so the whole file is never in memory at once. Files of `writeSafetensors` are checked against their hashes;
 * other files have none.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_SAFETENSORS` (the file is malformed, or a wanted tensor has an
 *   unsupported type)
 */
export async function readSafetensors(
  path: string,
  options: ReadOptions = {},
): Promise<{ tensors: Values; metadata: Record<string, string> }> {
  checkPaths('readSafetensors', { path });
  const { wanted } = withDefaults<Required<ReadOptions>>('readSafetensors', { wanted: () => true }, options);
  checkFunctions('readSafetensors', { wanted });
  return withFile(path, async (file, size) => {
    const { entries, metadata, sums, from } = await readHeader(file, size, path);
    const tensors: [string, Value][] = [];
    for (const [name, { dtype, shape, data_offsets: range }] of Object.entries(entries)) {
      if (!wanted(name)) continue;
      const refuse = (what: string): LeaError => notRead(path, `tensor "${name}" ${what}`);
      if (!isStoredType(dtype)) throw refuse(`has the unsupported type ${dtype}`);
      const hash = sums && createHash('sha256');
      const source = { read: readerAt(file, from + range[0], path, hash), bytes: range[1] - range[0] };
      tensors.push([name, await decode(dtype, shape, source, refuse)]);
      if (hash && hash.digest('hex') !== sums[name])
        throw malformed(path, `tensor "${name}" has changed since it was written`);
    }
    return { tensors: Object.fromEntries(tensors), metadata };
  });
}

/**
 * The stored types and shapes of the tensors in a safetensors file, without reading their data.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_SAFETENSORS`
 */
export async function describeSafetensors(
  path: string,
): Promise<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>> {
  checkPaths('describeSafetensors', { path });
  const { entries } = await withFile(path, (file, size) => readHeader(file, size, path));
  return Object.fromEntries(Object.entries(entries).map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
}

/** A header whose entries have been checked against the file size; `from` is the offset of the data. */
interface Header {
  readonly entries: Record<string, Entry>;
  readonly metadata: Record<string, string>;
  /** Hash of each tensor's bytes, if the file has hashes. */
  readonly sums: Record<string, string> | undefined;
  readonly from: number;
}

async function withFile<T>(path: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const failed = (cause: unknown): LeaError => readError(path, cause);
  const file = await open(path).catch((cause) => {
    throw failed(cause);
  });
  try {
    return await use(file, (await file.stat()).size);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall ? failed(error) : error;
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number, path: string): Promise<Header> {
  if (size < 8) throw malformed(path, `it has ${size} bytes, too few for a header`);
  const head = Buffer.alloc(8);
  await readerAt(file, 0, path)(head);
  const length = Number(head.readBigUInt64LE(0));
  // Check before allocating a buffer of this size.
  if (length > LARGEST_HEADER) throw malformed(path, `it declares a header of ${length} bytes`);
  if (length > size - 8) throw malformed(path, `it ends within its header (${size} of ${length + 8} bytes)`);
  const text = Buffer.alloc(length);
  await readerAt(file, 8, path)(text);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch (cause) {
    throw malformed(path, 'its header is not JSON', cause);
  }
  if (!isRecord(header)) throw malformed(path, 'its header is not a JSON object');
  const { __metadata__: metadata, ...described } = header;
  const from = 8 + length;
  const entries = Object.fromEntries(
    Object.entries(described).map(([name, entry]) => [name, checkEntry(entry, size - from, `tensor "${name}"`, path)]),
  );
  checkOverlaps(entries, path);
  const { [SEAL]: seal, ...texts } = checkMetadata(metadata, path);
  return {
    entries,
    metadata: texts,
    sums: seal === undefined ? undefined : unsealed(seal, entries, texts, path),
    from,
  };
}

function sealOf(entries: Record<string, Entry>, metadata: Record<string, string>, sums: readonly string[]): string {
  return [contentHash(entries, metadata, sums), ...sums].join(' ');
}

/** Checks a seal against its header and returns the hashes of the tensors. */
function unsealed(
  seal: string,
  entries: Record<string, Entry>,
  metadata: Record<string, string>,
  path: string,
): Record<string, string> {
  const [, ...sums] = seal.split(' ');
  if (seal !== sealOf(entries, metadata, sums)) throw malformed(path, 'its header has changed since it was written');
  const names = Object.keys(entries).sort();
  return Object.fromEntries(names.map((name, i) => [name, sums[i]!]));
}

function digest(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  update(hash, bytes);
  return hash.digest('hex');
}

/** Hashes in pieces, because more than 2 GiB at a time are refused. */
function update(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += LARGEST_READ) hash.update(bytes.subarray(at, at + LARGEST_READ));
}

/**
 * Returns a function that fills arrays with consecutive bytes from a position. @param hash is updated with the same
 * bytes
 */
function readerAt(file: FileHandle, position: number, path: string, hash?: Hash): (into: Uint8Array) => Promise<void> {
  let at = position;
  return async (into) => {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await file.read(into, done, Math.min(into.length - done, LARGEST_READ), at);
      if (bytesRead === 0) throw malformed(path, `it ends at byte ${at}, perhaps because it is still being written`);
      done += bytesRead;
      at += bytesRead;
    }
    if (hash) update(hash, into);
  };
}

function checkEntry(entry: unknown, available: number, what: string, path: string): Entry {
  if (!isRecord(entry)) throw malformed(path, `${what} is not described by an object`);
  const { dtype, shape, data_offsets: range } = entry as Partial<Entry>;
  if (typeof dtype !== 'string') throw malformed(path, `${what} has dtype ${show(dtype)}`);
  if (!isCounts(shape)) throw malformed(path, `${what} has no valid shape`);
  if (!isCounts(range) || range.length !== 2) throw malformed(path, `${what} has no valid offsets`);
  const [begin, end] = range as [number, number];
  if (begin > end || end > available)
    throw malformed(path, `${what} occupies bytes ${begin}..${end} of ${available}, so the file may be truncated`);
  if (isStoredType(dtype) && end - begin !== sizeOf(shape) * STORED_BYTES[dtype]) {
    throw malformed(path, `${what} has ${end - begin} bytes, which does not fit ${dtype}[${shape.join(', ')}]`);
  }
  return { dtype, shape, data_offsets: [begin, end] };
}

function checkOverlaps(entries: Record<string, Entry>, path: string): void {
  const ranges = Object.entries(entries)
    .filter(([, { data_offsets: range }]) => range[1] > range[0])
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
  throw malformed(path, 'its metadata is not an object of strings');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function malformed(path: string, what: string, cause?: unknown): LeaError {
  const hint = 'Write or download the file again.';
  return new LeaError('E_SAFETENSORS', `Not a valid safetensors file: ${what}.`, { value: path, hint, cause });
}

/** The error for a well-formed file with an unsupported type. */
function notRead(path: string, what: string): LeaError {
  const hint = `Convert it to one of ${Object.keys(STORED_BYTES).join(', ')}.`;
  return new LeaError('E_SAFETENSORS', `The safetensors file cannot be read: ${what}.`, { value: path, hint });
}
