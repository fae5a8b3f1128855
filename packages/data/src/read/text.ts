import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { LeaError } from '@lea/core';
import { readError } from '@lea/core/node';
import { elsewhere, refuseOther } from './other-forms.ts';

/**
 * Streams the text of a file, without its byte order mark. Gzip is detected by content, not by name.
 *
 * @param encoding name of the Encoding Standard, such as `utf-8` or `windows-1252`; a byte order mark in the file overrides it
 * @throws LeaError `E_OPTION_VALUE`, `E_FILE_MISSING`, `E_FILE_READ`, `E_ENCODING_BAD` (names the line)
 */
export async function* textOf(path: string, encoding: string): AsyncGenerator<string> {
  const declared = decoderOf(encoding);
  let decoder: TextDecoder | undefined;
  let good = 0;
  try {
    for await (const bytes of bytesOf(path)) {
      if (decoder === undefined) refuseOther(path, bytes);
      decoder ??= marked(bytes) ?? declared;
      const text = decoder.decode(bytes, { stream: true });
      good += bytes.length;
      yield text;
    }
    yield decoder?.decode() ?? '';
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw cause;
    const { line, text } = await beforeBadBytes(path, decoder!.encoding, good);
    throw new LeaError(
      'E_ENCODING_BAD',
      `${path} line ${line}: the bytes after this text are not valid ${decoder!.encoding}.`,
      {
        value: text,
        hint: 'Set the option "encoding". Old files are often "windows-1252", and files of some Windows programs are "utf-16le".',
        cause,
      },
    );
  }
}

/**
 * Whether a file is gzipped, and the encoding of its text: that of a byte order mark, otherwise the declared one.
 *
 * @throws LeaError `E_OPTION_VALUE`, `E_FILE_MISSING`, `E_FILE_READ`
 */
export async function storageOf(path: string, encoding: string): Promise<{ gzip: boolean; encoding: string }> {
  let decoder = decoderOf(encoding);
  const file = await open(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  const { buffer } = await file.read(new Uint8Array(2), 0, 2, 0).finally(() => file.close());
  for await (const bytes of bytesOf(path)) {
    decoder = marked(bytes) ?? decoder;
    break;
  }
  return { gzip: isGzipped(buffer), encoding: decoder.encoding };
}

/**
 * Streams the bytes of a file, decompressed. A piece is overwritten by the next one.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`
 */
export async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const pieces = piecesOf(file);
    const first = await pieces.next();
    if (first.done) return;
    const all = async function* () {
      yield first.value;
      yield* pieces;
    };
    // The callback is empty because the iteration throws the same errors.
    yield* isGzipped(first.value) ? pipeline(all, copies, createGunzip(), () => {}) : all();
  } catch (cause) {
    throw fileError(path, cause);
  } finally {
    await file?.close();
  }
}

/** Reads into one buffer, because buffers that are left behind keep the garbage collector busy. */
async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(2 ** 20);
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** A stream may hold pieces while it asks for more. */
async function* copies(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function fileError(path: string, cause: unknown): LeaError {
  const hint = (cause as NodeJS.ErrnoException).code === 'ENOENT' && elsewhere(path);
  if (hint) return new LeaError('E_FILE_MISSING', 'The file does not exist.', { value: path, hint, cause });
  if (!(cause as NodeJS.ErrnoException).code?.startsWith('Z_')) return readError(path, cause);
  return new LeaError('E_FILE_READ', `The file cannot be decompressed (${(cause as Error).message}).`, {
    value: path,
    hint: 'It is truncated or damaged. Download it again.',
    cause,
  });
}

/** Also accepts Python's spelling `latin-1`. */
function decoderOf(encoding: string): TextDecoder {
  for (const label of [encoding, String(encoding).replace(/[-_]/g, '')]) {
    try {
      return new TextDecoder(label, { fatal: true });
    } catch {
      // The next spelling, or the error below.
    }
  }
  throw new LeaError('E_OPTION_VALUE', 'Unknown encoding.', {
    value: encoding,
    hint: 'Use a name such as "utf-8", "windows-1252", "utf-16le", "gb18030" or "shift_jis".',
  });
}

function marked(bytes: Uint8Array): TextDecoder | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return decoderOf('utf-8');
  if (a === 0xff && b === 0xfe) return decoderOf('utf-16le');
  return a === 0xfe && b === 0xff ? decoderOf('utf-16be') : undefined;
}

/**
 * The line of the first invalid bytes and the text before them. A decoder does not report the position, so the file is read
 * again, byte by byte from where the first reading stopped.
 */
async function beforeBadBytes(path: string, encoding: string, good: number): Promise<{ line: number; text: string }> {
  const decoder = decoderOf(encoding);
  let at = 0;
  let line = 1;
  let text = '';
  const read = (bytes?: Uint8Array) => {
    // Keep a CR at the end: it may be the first half of a CRLF.
    const ends = (text + decoder.decode(bytes, { stream: bytes !== undefined })).split(/\r\n|\n|\r(?!$)/);
    line += ends.length - 1;
    text = ends.at(-1)!.slice(-60);
  };
  try {
    for await (const bytes of bytesOf(path)) {
      const known = Math.max(0, Math.min(bytes.length, good - at));
      read(bytes.subarray(0, known));
      for (let byte = known; byte < bytes.length; byte++) read(bytes.subarray(byte, byte + 1));
      at += bytes.length;
    }
    read();
  } catch {
    // These are the invalid bytes.
  }
  return text.endsWith('\r') ? { line: line + 1, text: '' } : { line, text };
}
