import { defineConfig } from 'tsup';
import shared from '../../tsup.config.ts';

export default defineConfig({
  ...shared,
  // The package, the command, and the measuring processes that it starts.
  entry: {
    index: 'src/index.ts',
    main: 'src/main.ts',
    'speed/worker': 'src/speed/worker.ts',
    'speed/data/worker': 'src/speed/data/worker.ts',
    'speed/eval/worker': 'src/speed/eval/worker.ts',
    'speed/fit/worker': 'src/speed/fit/worker.ts',
    'speed/env/worker': 'src/speed/env/worker.ts',
  },
  dts: { entry: 'src/index.ts' },
});
