import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', 'off-policy': 'src/off-policy/index.ts' },
});
