import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', node: 'src/node.ts' },
  // Bundled declarations lose the references of their sources, and AsyncDisposable is in no library of a year.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
});
