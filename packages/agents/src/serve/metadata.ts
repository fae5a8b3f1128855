import { LeaError } from '@lea/core';

/** Field numbers of ONNX: ModelProto.metadata_props, and the key and value of one entry. */
const METADATA = 14;
const KEY = 1;
const VALUE = 2;

/**
 * The metadata of an ONNX model, by name: ONNX Runtime's JavaScript API does not tell them. Everything else is skipped unread.
 *
 * @throws LeaError `E_POLICY_FILE` for bytes that are no model
 */
export function readMetadata(model: Uint8Array): Map<string, string> {
  const metadata = new Map<string, string>();
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  try {
    for (const [field, entry] of fieldsOf(model)) {
      if (field !== METADATA) continue;
      const parts = new Map(fieldsOf(entry));
      metadata.set(utf8.decode(parts.get(KEY)), utf8.decode(parts.get(VALUE)));
    }
  } catch (cause) {
    throw new LeaError('E_POLICY_FILE', 'Expected the bytes of an ONNX model, got others.', {
      value: `${model.length} bytes`,
      hint: 'The file is cut, damaged or not ONNX: copy it again, or write it again with exportOnnx.',
      cause,
    });
  }
  return metadata;
}

/** The length-delimited fields of a protobuf message: number and content. */
function* fieldsOf(message: Uint8Array): Generator<[field: number, content: Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let byte = 0, scale = 1; byte < 10; byte++, scale *= 128) {
      if (at === message.length) throw new RangeError('the message ends within a number');
      const bits = message[at++]!;
      value += (bits % 128) * scale;
      if (bits < 128) return value;
    }
    throw new RangeError('a number is longer than 10 bytes');
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) {
      varint();
      continue;
    }
    const size = type === 2 ? varint() : { 1: 8, 5: 4 }[type];
    if (size === undefined) throw new RangeError(`no such wire type: ${type}`);
    if (size > message.length - at) throw new RangeError('a field is longer than its message');
    if (type === 2) yield [Math.floor(tag / 8), message.subarray(at, at + size)];
    at += size;
  }
}
