/** Dead files, exports and dependencies. Run twice: over everything, and with --production over what is shipped. */
import type { KnipConfig } from 'knip';

const isProduction = process.argv.includes('--production');

const config: KnipConfig = {
  entry: [
    'workers/run-task.ts!',
    'workers/sink-worker.ts!',
    'src/sink/sink-process.ts!',
    'benchmarks/**/*.bench.ts',
    'test/**/*.test.ts',
    'test/support/vitest-*.ts',
  ],
  project: ['src/**/*.ts!', 'workers/**/*.ts!', 'benchmarks/**/*.ts', 'test/**/*.ts'],
  // Of every system that has pipes with names and file systems.
  ...(isProduction ? {} : { ignoreBinaries: ['mkfifo', 'mount', 'umount'] }),
  // A type may be exported because it stands in an exported signature. In production mode an exported limit that its
  // own file uses may be there for a test; the other mode still finds it when no test needs it. What is shipped for
  // tests alone carries @internal.
  ignoreExportsUsedInFile: isProduction ? true : { interface: true, type: true },
};

export default config;
