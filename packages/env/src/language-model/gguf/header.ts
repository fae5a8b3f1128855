import { type FileHandle, open, stat } from 'node:fs/promises';
import { LeaError } from '@lea/core';
import { readError } from '@lea/core/node';
import { sizeOf } from '@lea/tensor';
import { BLOCK_TYPES, type BlockType, readBlocks } from './quantization.ts';

/** A tensor of a GGUF file; its bytes are known to be inside the file. */
export interface GgufTensor {
  /** Storage format of the numbers. */
  readonly type: BlockType;
  /** Rows first, as in NumPy and Hugging Face; GGUF lists the dimensions in reverse order. */
  readonly shape: readonly number[];
  /** Byte offset in the file. */
  readonly begin: number;
}

/** The header of a GGUF file. */
export interface GgufFile {
  /** Path of the file. */
  readonly path: string;
  /** Metadata by key. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 'GGUF';

/** Whether the path is a file that starts with the GGUF magic bytes; false for folders and missing files. */
export async function isGguf(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, 0);
    return magic.toString('latin1') === MAGIC;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

/**
 * Reads the header of a GGUF file and checks that all tensors are inside the file. Allocates no memory for tensors.
 *
 * @throws LeaError `E_GGUF` (not a GGUF file, truncated, damaged, one of several parts, or with an unsupported number
 *   format), `E_FILE_MISSING`, `E_FILE_READ`
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const { size: bytes } = await stat(path).catch((cause) => {
    throw readError(path, cause);
  });
  // Loaded here and not above: most models are no GGUF files.
  const { gguf } = await import('@huggingface/gguf');
  let header: Awaited<ReturnType<typeof gguf>>;
  try {
    header = await gguf(path, { allowLocalFile: true });
  } catch (cause) {
    throw broken(path, `cannot read its header (${(cause as Error).message})`, cause);
  }
  const { tensorInfos, tensorDataOffset } = header;
  const metadata = header.metadata as unknown as Record<string, unknown>;
  if (!header.littleEndian) throw broken(path, 'its numbers are big-endian');
  const parts = Number(metadata['split.count'] ?? 1);
  if (parts > 1) {
    throw new LeaError('E_GGUF', `The model is split over ${parts} files.`, {
      value: path,
      hint: 'Join them into one file first, with `llama-gguf-split --merge`.',
    });
  }
  const start = Number(tensorDataOffset);
  const end = header.tensorInfoByteRange[1];
  // The reader pads a truncated header with zeros.
  if (end > bytes) throw broken(path, `its header is truncated (${bytes} of at least ${end} bytes)`);
  const tensors = new Map<string, GgufTensor>();
  for (const { name, shape: sizes, dtype, offset } of tensorInfos) {
    const shape = sizes.map(Number).reverse();
    const type = BLOCK_TYPES.get(dtype);
    if (tensors.has(name)) throw broken(path, `it has two tensors with the name "${name}"`);
    if (type === undefined) {
      const known = [...BLOCK_TYPES.values()].map((each) => each.name);
      throw new LeaError('E_GGUF', `The number format of the tensor "${name}" is not supported.`, {
        value: dtype,
        hint: `Supported formats: ${known.join(', ')}. Quantize the model to one of these, for example Q8_0 or Q4_K_M.`,
      });
    }
    const size = sizeOf(shape);
    const begin = start + Number(offset);
    if (size === 0 || (shape.at(-1) ?? 1) % type.values !== 0) {
      throw broken(path, `the tensor "${name}" of type ${type.name} cannot have the shape [${shape.join(', ')}]`);
    }
    const last = begin + (size / type.values) * type.bytes;
    if (!(last <= bytes)) {
      throw broken(
        path,
        `the tensor "${name}" ends at byte ${last}, but the file has ${bytes} bytes. Is the download incomplete?`,
      );
    }
    tensors.set(name, { type, shape, begin });
  }
  return { path, metadata, tensors };
}

/** Number of bytes to convert at a time. */
const CHUNK = 2 ** 20;

/** Reads a tensor as float32, in the order of the file. */
export async function readTensor({ path }: GgufFile, { type, shape, begin }: GgufTensor): Promise<Float32Array> {
  const data = new Float32Array(sizeOf(shape));
  const count = data.length / type.values;
  const step = Math.max(1, Math.floor(CHUNK / type.bytes));
  const chunk = new Uint8Array(Math.min(step, count) * type.bytes);
  const view = new DataView(chunk.buffer);
  const file = await open(path).catch((cause) => {
    throw readError(path, cause);
  });
  try {
    for (let block = 0; block < count; block += step) {
      const now = Math.min(step, count - block);
      const { bytesRead } = await file.read(chunk, 0, now * type.bytes, begin + block * type.bytes);
      if (bytesRead < now * type.bytes) throw broken(path, 'it was truncated while being read');
      readBlocks(type, view, data.subarray(block * type.values, (block + now) * type.values));
    }
  } finally {
    await file.close();
  }
  return data;
}

export function broken(path: string, what: string, cause?: unknown): LeaError {
  return new LeaError('E_GGUF', `Not a valid GGUF file: ${what}.`, {
    value: path,
    hint: 'Download or convert the model again.',
    ...(cause !== undefined && { cause }),
  });
}
