/** ONNX graphs as plain objects; `write.ts` serializes them. */
import type { DType } from '../types.ts';

/** Element types of ONNX tensors. */
export type OnnxType = DType | 'int64' | 'uint32';

/** Element type numbers of the ONNX format (TensorProto.DataType). */
export const TYPE_CODE: Readonly<Record<OnnxType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 };

/** A constant tensor of a graph. */
export interface Initializer {
  /** Name that nodes refer to. */
  readonly name: string;
  /** Element type. */
  readonly dtype: OnnxType;
  /** Dimensions. */
  readonly shape: readonly number[];
  /** Elements in row-major order. */
  readonly data: Float32Array | Int32Array | Uint8Array | Uint32Array | BigInt64Array;
}

/** An attribute of a node: plain for integers, strings and lists of integers, wrapped for floats, tensors and graphs. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: Initializer }
  | { readonly graph: Graph };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation of a graph. */
export interface Node {
  /** Operator type, such as `MatMul`. */
  readonly op: string;
  /** Operator domain; '' for the standard operators. */
  readonly domain: string;
  /** Names of the input tensors; '' for an omitted optional input. */
  readonly inputs: readonly string[];
  /** Names of the output tensors. */
  readonly outputs: readonly string[];
  /** Attributes by name. */
  readonly attributes: Attributes;
}

/** Creates a node of the standard operators, or of `domain`. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  domain = '',
): Node {
  return { op, domain, inputs, outputs, attributes };
}

/** An input or output of a graph. */
export interface Port {
  /** Name of the tensor. */
  readonly name: string;
  /** Element type. */
  readonly dtype: OnnxType;
  /** Dimensions; a string names a dynamic dimension. */
  readonly shape: readonly (number | string)[];
}

/** A graph: nodes in topological order, constants, inputs and outputs. */
export interface Graph {
  /** Name of the graph. */
  readonly name: string;
  /** Operations, in topological order. */
  readonly nodes: readonly Node[];
  /** Constant tensors. */
  readonly initializers: readonly Initializer[];
  /** Tensors that are fed. */
  readonly inputs: readonly Port[];
  /** Tensors that are returned. */
  readonly outputs: readonly Port[];
}

/** The domain of the custom operators of ONNX Runtime. */
export const MICROSOFT = 'com.microsoft';
