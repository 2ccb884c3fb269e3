/** The sink beside a run: that it does not stay when it cannot begin. */
import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = new URL('../../dist/src/coordinator/built-in-sink.js', import.meta.url).href;

test('a sink that cannot listen is an error, and its thread keeps no program alive', async () => {
  const script = `import(${JSON.stringify(MODULE)})
    .then(({ startBuiltInSink }) => startBuiltInSink({ listen: ['smtp://192.0.2.1:0'] }))
    .then(() => console.log('started'), (error) => console.log(error.code, error.message));`;
  const stdout = await new Promise((resolve) => {
    execFile(process.execPath, ['-e', script], { timeout: 10_000 }, (error, text) => {
      resolve(error === null ? text : `${text}${String(error.killed)}`);
    });
  });
  expect(stdout).toBe('E_TARGET the built-in sink could not be started\n');
});
