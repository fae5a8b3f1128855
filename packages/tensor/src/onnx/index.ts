import '../tfjs.ts';

export {
  type Attribute,
  type Attributes,
  type Graph,
  type Initializer,
  type Node,
  node,
  type OnnxType,
  type Port,
} from './model.ts';
export { namesRead, splitNodes } from './names.ts';
export { recordGraph } from './program.ts';
export { type ModelInfo, writeModel } from './write.ts';
