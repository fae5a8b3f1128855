import protobuf from 'protobufjs/minimal.js';
import { type Attribute, type Graph, type Initializer, MICROSOFT, type Node, type Port, TYPE_CODE } from './model.ts';

type Writer = protobuf.Writer;

/** Version of the standard operators: 20 brings Gelu, 18 bitwise operators and reductions with axes as inputs. */
const OPSET = 20;
const IR_VERSION = 9;

/** The bytes of an ONNX model (ModelProto). */
export function writeModel(graph: Graph): Uint8Array {
  const writer = protobuf.Writer.create();
  varint(writer, 1, IR_VERSION);
  message(writer, 7, (w) => writeGraph(w, graph));
  for (const [domain, version] of [
    ['', OPSET],
    [MICROSOFT, 1],
  ] as const) {
    message(writer, 8, (w) => {
      text(w, 1, domain);
      varint(w, 2, version);
    });
  }
  return writer.finish();
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

function writeTensor(writer: Writer, { name, dtype, shape, data }: Initializer): void {
  for (const dimension of shape) varint(writer, 1, dimension);
  varint(writer, 2, TYPE_CODE[dtype]);
  text(writer, 8, name);
  writer.uint32((9 << 3) | 2).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
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
