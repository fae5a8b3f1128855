import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', onnx: 'src/onnx/index.ts' },
  // loads at once, and in a bundle of the user's, too
  noExternal: [/register_all_gradients/],
});
