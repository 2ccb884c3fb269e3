/** A load over a unix socket: the same as over TCP, but for where it goes and what can be wrong with that. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCertificate } from '../support/certificate.js';
import { run } from '../support/integration-build.js';
import { loadOptions, outcomesOf, runLoad } from '../support/integration-run.js';

const { key, cert } = await testCertificate();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-unix-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('every message of the plan goes over the socket, in sessions that use it again and again', async () => {
  const target = `smtp+unix:${join(folder, 'load.sock')}`;
  const { result } = await runLoad({
    options: { messages: 60, sessions: 4, workers: 2 },
    sink: { listen: [target] },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 60 });
  expect(result.sessions.started).toBe(60);
  expect(result.target).toMatchObject({ url: target, host: '', port: 0, family: null });
  expect(result.target.address).toBe(join(folder, 'load.sock'));
});

test('STARTTLS secures a unix socket, and the certificate is that of localhost', async () => {
  const { result } = await runLoad({
    options: { messages: 4, tls: 'required', tlsCa: cert },
    sink: { listen: [`smtp+unix:${join(folder, 'tls.sock')}`], tls: { key, cert } },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
  expect(result.target.tls?.subject).toBe('localhost');
});

test.each([
  ['nobody made', 'missing.sock', /cannot be reached: connect ENOENT .*; check the path$/],
  ['is no socket', 'plain.txt', /refused the connection: nothing listens there; start the server, or check the path$/],
])('a path that %s ends the run before it begins', async (_what, name, problem) => {
  writeFileSync(join(folder, 'plain.txt'), '');
  const target = `smtp+unix:${join(folder, name)}`;
  await expect(run(loadOptions(target, { messages: 4 }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(problem) as string,
  });
});
