import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** `npm run test:real` asks for this mode: the tests with servers and clients that a machine may not have. */
const REAL_SERVERS_MODE = 'real-servers';
/** `npm run test:slow` asks for this mode: minutes of load, for a machine with nothing else to do. */
const SLOW_MODE = 'slow';

/** Tests of whole programs and runs: each file has a process of its own. */
const WHOLE = ['benchmarks', 'cli', 'config-file', 'integration'].map((name) => `test/${name}/**/*.test.ts`);
const OTHERS = ['dist/**', 'node_modules/**', 'test/real-servers/**', 'test/slow/**'];

export default defineConfig(({ mode }) => {
  const real = mode === REAL_SERVERS_MODE;
  const folder = real ? 'real-servers' : mode === SLOW_MODE ? 'slow' : null;
  // Tests of parts leave nothing behind in their process, and to start one for each file takes a third of their time.
  const parts = { name: 'parts', include: ['test/**/*.test.ts'], exclude: [...OTHERS, ...WHOLE], isolate: false };
  const whole = { name: 'whole', include: WHOLE, exclude: OTHERS };
  return {
    test: {
      ...(folder === null
        ? { projects: [parts, whole].map((test) => ({ extends: true as const, test })) }
        : { include: [`test/${folder}/**/*.test.ts`], exclude: ['dist/**', 'node_modules/**'] }),
      // Processes, not threads: the engine starts threads of its own.
      pool: 'forks',
      // Runs of the program leave no directories behind and read no ceilings, unless a test asks for it.
      env: { POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none' },
      // Two even on two cores: most of their time they wait for deadlines.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      // Tests that run side by side wait for deadlines most of their time.
      maxConcurrency: 32,
      testTimeout: real ? 60_000 : 30_000,
      hookTimeout: real ? 60_000 : 30_000,
      teardownTimeout: 10_000,
      reporters: [real ? 'verbose' : 'default', './test/support/vitest-summary-reporter.ts'],
    },
  };
});
