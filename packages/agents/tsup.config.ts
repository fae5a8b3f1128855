import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', serve: 'src/serve/index.ts', testing: 'src/testing/index.ts' },
});
