import { LeaError } from '@lea/core';
import protobuf from 'protobufjs/minimal.js';
import { type Attribute, type Graph, type Initializer, MICROSOFT, type Node, type Port, TYPE_CODE } from './model.ts';
import { isGraph } from './names.ts';

type Writer = protobuf.Writer;

/** Version of the standard operators: 18 adds bitwise operators and reductions with axes as inputs, 20 adds Gelu. */
const OPSET = 20;
const IR_VERSION = 9;

/** Maximum size of a protobuf message, in bytes. */
const MAX_BYTES = 2 ** 31 - 1;

/** Metadata of a model. */
export interface ModelInfo {
  /** Name and version of the program that wrote the model. */
  readonly producer: { readonly name: string; readonly version: string };
  /** Strings by name (`metadata_props`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Serializes an ONNX model (ModelProto). The operator domain of ONNX Runtime is declared only if the graph uses it.
 *
 * @throws LeaError `E_MODEL_SIZE` above 2 GiB, before the bytes are allocated
 */
export function writeModel(graph: Graph, info?: ModelInfo): Uint8Array {
  // Large tensors are copied only once, into the final array: protobufjs would copy them each time its buffer grows.
  const body = [
    encoded((w) => writeGraph(w, { ...graph, initializers: [] })),
    ...graph.initializers.flatMap(tensorField),
  ];
  const chunks = [encoded((w) => writeHead(w, info)), prefix(7, bytesIn(body)), ...body];
  chunks.push(encoded((w) => writeTail(w, graph, info)));
  const size = bytesIn(chunks);
  if (size > MAX_BYTES) {
    throw new LeaError('E_MODEL_SIZE', 'The model exceeds 2 GiB, the maximum of the ONNX format.', {
      value: `${(size / 2 ** 30).toFixed(2)} GiB`,
      hint: 'Make the largest tensors smaller.',
    });
  }
  const model = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    model.set(chunk, at);
    at += chunk.length;
  }
  return model;
}

function writeHead(writer: Writer, info: ModelInfo | undefined): void {
  varint(writer, 1, IR_VERSION);
  if (!info) return;
  text(writer, 2, info.producer.name);
  text(writer, 3, info.producer.version);
}

function writeTail(writer: Writer, graph: Graph, info: ModelInfo | undefined): void {
  writeOpset(writer, '', OPSET);
  if (uses(graph, MICROSOFT)) writeOpset(writer, MICROSOFT, 1);
  for (const [name, value] of Object.entries(info?.metadata ?? {})) {
    message(writer, 14, (w) => {
      text(w, 1, name);
      text(w, 2, value);
    });
  }
}

function writeOpset(writer: Writer, domain: string, version: number): void {
  message(writer, 8, (w) => {
    text(w, 1, domain);
    varint(w, 2, version);
  });
}

function uses(graph: Graph, domain: string): boolean {
  return graph.nodes.some(
    (node) => node.domain === domain || Object.values(node.attributes).some((a) => isGraph(a) && uses(a.graph, domain)),
  );
}

function writeGraph(writer: Writer, graph: Graph): void {
  for (const node of graph.nodes) message(writer, 1, (w) => writeNode(w, node));
  text(writer, 2, graph.name);
  for (const initializer of graph.initializers) message(writer, 5, (w) => writeTensor(w, initializer));
  for (const port of graph.inputs) message(writer, 11, (w) => writePort(w, port));
  for (const port of graph.outputs) message(writer, 12, (w) => writePort(w, port));
}

function writeNode(writer: Writer, node: Node): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes))
    message(writer, 5, (w) => writeAttribute(w, name, value));
  if (node.domain) text(writer, 7, node.domain);
}

/** Field numbers and type codes of AttributeProto. */
function writeAttribute(writer: Writer, name: string, value: Attribute): void {
  text(writer, 1, name);
  if (typeof value === 'number') {
    varint(writer, 3, value);
    varint(writer, 20, 2);
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    varint(writer, 20, 3);
  } else if ('float' in value) {
    writer.uint32((2 << 3) | 5).float(value.float);
    varint(writer, 20, 1);
  } else if ('tensor' in value) {
    message(writer, 5, (w) => writeTensor(w, value.tensor));
    varint(writer, 20, 4);
  } else if ('graph' in value) {
    message(writer, 6, (w) => writeGraph(w, value.graph));
    varint(writer, 20, 5);
  } else {
    for (const item of value) varint(writer, 8, item);
    varint(writer, 20, 7);
  }
}

function writeTensor(writer: Writer, tensor: Initializer): void {
  writeTensorHead(writer, tensor);
  writer.uint32((9 << 3) | 2).bytes(bytesOf(tensor));
}

/** An initializer as a field of its graph, without copying its data. */
function tensorField(tensor: Initializer): Uint8Array[] {
  const data = bytesOf(tensor);
  const head = encoded((w) => writeTensorHead(w, tensor));
  const numbers = prefix(9, data.length);
  return [prefix(5, head.length + numbers.length + data.length), head, numbers, data];
}

function writeTensorHead(writer: Writer, { name, dtype, shape }: Initializer): void {
  for (const dimension of shape) varint(writer, 1, dimension);
  varint(writer, 2, TYPE_CODE[dtype]);
  text(writer, 8, name);
}

function bytesOf({ data }: Initializer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function writePort(writer: Writer, { name, dtype, shape }: Port): void {
  text(writer, 1, name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      varint(tensor, 1, TYPE_CODE[dtype]);
      message(tensor, 2, (dimensions) => {
        for (const dimension of shape) {
          message(dimensions, 1, (w) =>
            typeof dimension === 'string' ? text(w, 2, dimension) : varint(w, 1, dimension),
          );
        }
      });
    }),
  );
}

function encoded(write: (writer: Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
}

/** The tag and length before a field of `bytes` bytes. */
function prefix(field: number, bytes: number): Uint8Array {
  return encoded((w) => w.uint32((field << 3) | 2).uint32(bytes));
}

function bytesIn(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function varint(writer: Writer, field: number, value: number): void {
  writer.uint32(field << 3).int64(value);
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32((field << 3) | 2).string(value);
}

function message(writer: Writer, field: number, write: (writer: Writer) => void): void {
  write(writer.uint32((field << 3) | 2).fork());
  writer.ldelim();
}
