/** ONNX graphs as plain objects; `write.ts` turns them into bytes. */
import type { DType } from '../types.ts';

export type OnnxType = DType | 'int64' | 'uint32';

/** Element type numbers of the ONNX format (TensorProto.DataType). */
export const TYPE_CODE: Readonly<Record<OnnxType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 };

export interface Initializer {
  readonly name: string;
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array | Uint32Array | BigInt64Array;
}

/** Integers and lists of integers are plain; floats, tensors and graphs say so. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: Initializer }
  | { readonly graph: Graph };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A node of the standard operators, or of `domain`. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  domain = '',
): Node {
  return { op, domain, inputs, outputs, attributes };
}

export interface Port {
  readonly name: string;
  readonly dtype: OnnxType;
  /** A string is a dimension known only when the graph runs. */
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';
