/** What `explain` says of a run, and that it does nothing else. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProgram } from '../support/program.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-explain-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const explain = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await readProgram(['explain', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('explain', () => {
  test('tells load, estimates, needs, steps and a dialogue, in 80 columns, and connects to nobody', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const text = await explain(`smtp://127.0.0.1:${port}`, '-s', '30', '-n', '10', '-d', '1m', '-R', '2');
    await new Promise((resolve) => server.close(resolve));
    expect(connections).toBe(0);
    expect(text).toMatch(/^Load {8}closed: 30 sessions at once, for 60 s$/m);
    expect(text).toMatch(/^Sessions {4}█{44}▇▅▃· {2}30 open at most$/m);
    // Connection and greeting, EHLO, ten groups with a content each, and QUIT beside the last of them.
    expect(text).toContain('each session: 10 messages, 22 round trips');
    // 30 sessions, each of 22 replies: 30 / 0.022, 30 / 0.22 and 30 / 2.2 in a second.
    expect(text).toMatch(/^sessions per second +1,364 +136\.4 +13\.6$/m);
    expect(text).toMatch(/^messages per second +13,636 +1,364 +136\.4$/m);
    expect(text).toMatch(/^messages in all +818,182 +81,818 +8,182$/m);
    expect(text).toMatch(/^Needs {7}94 open files/m);
    expect(text).toContain(
      '            repeat 10 times:\n              mail from sender%d@example.test\n              rcpt to 2 of user%d',
    );
    expect(text).toContain('C: MAIL FROM:<sender1@example.test>\nC: RCPT TO:<user1@example.test>\n');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('plots the rate of arrivals, and counts the sessions that it needs with servers of three speeds', async () => {
    const text = await explain(
      ...['smtp://127.0.0.1:25', '--profile', '0/s ->(10s) 200/s; 200/s for 20s; pause 10s', '-n', '2', '-s', '100'],
    );
    expect(text).toMatch(
      /^Load {8}open: even arrivals, 0\/s ->\(10s\) 200\/s; 200\/s for 20s; pause 10s,\n {12}for 40 s; at most 100 sessions, more are dropped$/m,
    );
    expect(text).toMatch(/^Arrivals {4}▁▁▂▃▃▄▅▅▆▇▇█{25}·{12} {2}up to 200\.0\/s$/m);
    // 200 arrivals per second that last six replies each: 1.2, 12 and 120 at once.
    expect(text).toMatch(/^sessions at the peak +2 +12 +!120$/m);
    // 1,000 in the ramp and 4,000 behind it, in 40 s.
    expect(text).toMatch(/^sessions per second( +125\.0){3}$/m);
    expect(text).toMatch(/^messages in all( +10,000){3}$/m);
    expect(text).toContain('! more than -s allows');
    const kept = await explain('smtp://127.0.0.1:25', '-r', '900/s', '--reuse', '-d', '1m');
    // Each message takes two replies on a kept connection: 900 · 0.02 and 900 · 0.2.
    expect(kept).toMatch(/^sessions at the peak +2 +19 +181$/m);
    expect(kept).toMatch(/^messages in all( +54,000){3}$/m);
  });

  test('says how long a warm-up that ends by itself may last', async () => {
    const words = ['smtp://127.0.0.1:2525', '--warmup', 'auto', '-d', '1m'];
    expect(await explain(...words)).toContain('warm-up until steady, at most 60 s, measured 60 s, drain up to 5 s');
    expect(await explain(...words, '--rate', '9/s')).toContain('warm-up until steady, at most 60 s, measured 60 s');
  });

  test('counts how long a number of messages takes', async () => {
    const text = await explain('smtp://127.0.0.1:25', '-s', '10', '-m', '5000', '--pipelining', 'off');
    // Seven replies for each: greeting, EHLO, MAIL, RCPT, DATA, content, QUIT.
    expect(text).toMatch(/^messages per second +1,429 +142\.9 +14\.3$/m);
    expect(text).toMatch(/^messages in all +5,000 +5,000 +5,000$/m);
    expect(text).toMatch(/^the run lasts +3\.50 s +35\.0 s +350 s$/m);
    expect(text).toContain('until 5,000 messages were tried');
  });

  test('looks up no name, and takes unix sockets and no target at all', async () => {
    expect(await explain('smtp://no-such-host.test', '--allow-target', 'no-such-host.test')).toContain(
      'connection to smtp://no-such-host.test',
    );
    expect(await explain('smtp+unix:/no/such.sock')).not.toContain('local ports');
    expect(await explain()).toContain('the built-in sink, started for the run');
  });

  test('hides passwords, also those in raw lines, and whoever asks for them', async () => {
    const path = file(
      'a.yaml',
      `target: smtp://127.0.0.1:2525
scenarios:
  - name: plain
    steps: [ehlo, { auth: { mechanism: plain, user: load, password: geheim } }, quit]
  - name: login
    steps: [ehlo, { auth: { mechanism: login, user: load, password: geheim } }, quit]
  - name: raw
    steps: [ehlo, { raw: AUTH PLAIN AGxvYWQAZ2VoZWlt }, quit]
load: { sessions: 3, connections: 9 }
`,
    );
    const text = await explain('-f', path);
    expect(text).toContain('C: AUTH PLAIN <hidden>\nS: 235');
    expect(text).toContain('C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: <hidden>\nS: 334 UGFzc3dvcmQ6\nC: <hidden>\nS: 235');
    expect(text).toContain('raw AUTH PLAIN <hidden>');
    expect(text).not.toMatch(/geheim|Z2VoZWlt|AGxv/);
    expect(text).toMatch(/^sessions in all +9 +9 +9$/m);
  });

  test('divides clients exactly among scenarios, and shows each with its way', async () => {
    const path = file(
      'b.yaml',
      `target: smtp://127.0.0.1:2525
load: { sessions: 10, duration: 10s }
scenarios:
  - { name: many, weight: 3, messagesPerSession: all }
  - name: scripted
    weight: 1
    steps:
      - ehlo
      - choose:
          - { weight: 3, steps: [mail, rcpt, { data: , expect: { codes: 2yz, otherwise: stop-run } }] }
          - { weight: 1, steps: [] }
      - pause: 2s
      - drop: fin
`,
    );
    const text = await explain('-f', path);
    expect(text).toContain(
      'Scenario    many: 75.0% of the clients, 8 of the first 10\n            kept open; each message: 2.0 round trips',
    );
    expect(text).toContain('Scenario    scripted: 25.0% of the clients, 2 of the first 10');
    expect(text).toContain(`            choose with 75.0%:
              mail from sender%d@example.test
              rcpt to user%d@example.test
              data with 1 KiB; expects 2yz, otherwise stop-run
            or with 25.0%:
              nothing
            pause 2 s
            drop the connection (FIN)
`);
    expect(text).toContain('   (the client closes the connection)\n');
  });

  test('warns of limits that the load would hit', async () => {
    const text = await explain('smtp://127.0.0.1:25', '-s', '100000', '--steps', 'ehlo drop', '-d', '1m');
    expect(text).toMatch(/^Needs {7}100,064 open files/m);
    expect(text).toMatch(/local ports \(there are [\d,]+\): spread the load/);
  });

  test('refuses what run would refuse, with the same words', async () => {
    const path = file('c.yaml', 'scenarios:\n  - name: a\n    steps: [ehlo, data, quit]\n');
    expect(await readProgram(['explain', '-f', path, '-s', '0'])).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^postrush: --sessions: .*\npostrush: .*c\.yaml:3:19: scenarios\[0\]\.steps\[1\]: needs/,
      ) as string,
    });
    expect(await readProgram(['explain', '--json', '-'])).toMatchObject({
      code: 2,
      stderr: 'postrush: --json: is about the output of run, and explain has none of it\n',
    });
  });
});
