import { crc32c } from '@aws-crypto/crc32c';
import protobuf from 'protobufjs/minimal.js';

/** A number at a step, as TensorBoard plots it. */
export interface Scalar {
  /** Name of the chart; the part before the first `/` groups charts. */
  readonly tag: string;
  readonly step: number;
  /** Stored as float32. */
  readonly value: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

/** Types of protobuf fields. */
const [VARINT, DOUBLE, BYTES, FLOAT] = [0, 1, 2, 5] as const;

/**
 * The bytes of a TensorBoard event file: TFRecords of the protobuf message `Event`, the first of which tells the version.
 * Source: `event.proto` and `summary.proto` in `tensorboard/compat/proto`, and `record_writer.h` of TensorFlow.
 *
 * @param wallTime seconds since 1970 at which the file begins
 */
export function eventFile(scalars: readonly Scalar[], wallTime: number): Uint8Array {
  const version = protobuf.Writer.create();
  field(version, 1, DOUBLE).double(wallTime);
  field(version, 3, BYTES).string('brain.Event:2');
  return Buffer.concat([version.finish(), ...scalars.map(eventOf)].map(record));
}

/** `Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }`. */
function eventOf({ tag, step, value, wallTime }: Scalar): Uint8Array {
  const event = protobuf.Writer.create();
  field(event, 1, DOUBLE).double(wallTime);
  // Zero is left out, as by every writer of version 3 of the format.
  if (step !== 0) field(event, 2, VARINT).int64(step);
  field(event, 5, BYTES).fork();
  field(event, 1, BYTES).fork();
  field(event, 1, BYTES).string(tag);
  field(event, 2, FLOAT).float(value);
  return event.ldelim().ldelim().finish();
}

function field(writer: protobuf.Writer, number: number, type: 0 | 1 | 2 | 5): protobuf.Writer {
  return writer.uint32((number << 3) | type);
}

/** Length, its checksum, data, their checksum; all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(16 + data.length);
  bytes.writeBigUInt64LE(BigInt(data.length));
  bytes.writeUInt32LE(maskedCrc(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return bytes;
}

/** CRC-32C, rotated and moved by a constant: a checksum of data that hold checksums themselves is then sound. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
