/** What flags, environment and scenario file say together. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import { renderConfig } from '../../src/cli/print-config.js';
import { prepareRun } from '../../src/cli/run-settings.js';
import type { RunSettings } from '../../src/cli/run-settings.js';
import type { PostrushError } from '../../src/errors.js';
import { testCertificate } from '../support/certificate.js';

let folder = '';
let path = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-scenario-'));
  path = join(folder, 'a.yaml');
  writeFileSync(join(folder, 'mail.eml'), 'Subject: hello\n\nhello\n');
  writeFileSync(join(folder, 'pw.txt'), 'of the file\n');
  writeFileSync(join(folder, 'users.csv'), 'user,password\na,b\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function prepare(
  yaml: string,
  words: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<RunSettings> {
  writeFileSync(path, yaml);
  const invocation = readCommandLine(['run', '-f', path, ...words], '0.0.0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  return prepareRun(invocation, environment, 2);
}

async function problems(
  yaml: string,
  words: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<string[]> {
  try {
    await prepare(yaml, words, environment);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    return (error as PostrushError).issues.map((issue) => `${issue.path}: ${issue.message}`.replaceAll(path, 'a.yaml'));
  }
  return [];
}

describe('a scenario file', () => {
  test('becomes the plan that flags would make', async () => {
    const yaml = `
target: smtp://127.0.0.1:2525
load: { sessions: 7, messages: 100, duration: 1m, warmup: 2s, drain: 3s, giveUp: 4s, connectLimit: 5, seed: 6, workers: 1 }
helo: client.test
from: s%d@example.test
to: r%d@example.test
recipients: 2
addresses: 50
messagesPerSession: all
pipelining: off
timeouts: { connect: 5s, all: 20s }
message: { size: 2KiB, subject: hello }
tls: { mode: required, insecure: true, share: 50, min: TLSv1.3, resume: 30 }
auth: { mechanism: plain, user: x, password: y, wrong: 5 }
extensions: { bdat: 512, declareSize: true, dsn: RET=HDRS, xclient: { ADDR: 192.0.2.1 }, xforward: { NAME: a } }
connection: { localAddresses: [127.0.0.1, 127.0.0.2], proxy: v1, proxySources: 192.0.2.7, close: rst }
`;
    const words = [
      ...[
        'smtp://127.0.0.1:2525',
        '-s',
        '7',
        '-m',
        '100',
        '-d',
        '1m',
        '--warmup',
        '2s',
        '--drain',
        '3s',
        '--give-up',
        '4s',
      ],
      ...['--connect-limit', '5', '--seed', '6', '-w', '1', '--helo', 'client.test', '--from', 's%d@example.test'],
      ...['--to', 'r%d@example.test', '-R', '2', '--addresses', '50', '-n', 'all', '--pipelining', 'off'],
      ...['--timeout', 'connect=5s', '--timeout', '20s', '-l', '2KiB', '--subject', 'hello', '--tls', 'required'],
      ...[
        '--tls-insecure',
        '--tls-share',
        '50',
        '--tls-min',
        'TLSv1.3',
        '--tls-resume',
        '30',
        '--auth',
        'plain',
        '--user',
        'x',
      ],
      ...['--auth-wrong', '5', '--bdat', '512', '--declare-size', '--dsn', 'RET=HDRS', '--xclient', 'ADDR=192.0.2.1'],
      ...['--xforward', 'NAME=a', '--local-address', '127.0.0.1', '--local-address', '127.0.0.2', '--proxy', 'v1'],
      ...['--proxy-source', '192.0.2.7', '--close', 'rst'],
    ];
    const invocation = readCommandLine(['run', ...words], '0.0.0');
    if (invocation.kind !== 'run') throw new Error('not a run');
    const { plan } = await prepareRun(invocation, { POSTRUSH_PASSWORD: 'y' }, 2);
    expect((await prepare(yaml)).plan).toEqual(plan);
  });

  test('gives way to the environment, and the environment to flags', async () => {
    const yaml = 'load: { sessions: 1, seed: 1, drain: 1s }';
    const { plan } = await prepare(yaml, ['-s', '3'], { POSTRUSH_SESSIONS: '2', POSTRUSH_SEED: '2' });
    expect(plan).toMatchObject({ sessions: 3, seed: 2, drainMs: 1000, giveUpMs: 30_000 });
  });

  test('names the target, unless the command line does; without any it is the built-in sink', async () => {
    expect((await prepare('target: smtp://127.0.0.1:2')).targets).toEqual(['smtp://127.0.0.1:2']);
    expect((await prepare('target: smtp://127.0.0.1:2', ['127.0.0.1:3'])).targets).toEqual(['127.0.0.1:3']);
    const settings = await prepare('load: { sessions: 2 }');
    expect(settings.targets).toEqual([]);
    expect(settings.planFor('smtp://127.0.0.1:4')).toMatchObject({ targets: [{ port: 4 }], sessions: 2 });
  });

  test('names several targets with their weights', async () => {
    const { plan } = await prepare('targets: [{ url: 127.0.0.1:1 }, { url: 127.0.0.1:2, weight: 3 }]');
    expect(plan.targets).toMatchObject([{ port: 1, weight: 1 }, { port: 2, weight: 3 }]); // prettier-ignore
  });

  test('names files from where it is', async () => {
    const yaml = 'message: { file: mail.eml }\nauth: { mechanism: login, user: x, passwordFile: pw.txt }';
    const { plan } = await prepare(yaml);
    expect(plan.scenarios[0]).toMatchObject({
      message: { content: 'Subject: hello\r\n\r\nhello\r\n' },
      auth: { password: 'of the file' },
    });
    const { plan: other } = await prepare(yaml, [], { POSTRUSH_PASSWORD: 'other' });
    expect(other.scenarios[0].auth?.password).toBe('other');
  });

  test.each<[string, string[], object]>([
    ['message: { file: mail.eml }', ['-l', '3KiB'], { message: { content: null, sizeBytes: 3072 } }],
    ['message: { size: 3KiB, subject: x }', ['--message', 'MAIL'], { message: { sizeBytes: 25 } }],
    [
      'auth: { mechanism: plain, credentials: users.csv, order: random }',
      ['--user', 'x', '--password-file', 'PW'],
      { auth: { user: 'x', accounts: null } },
    ],
    [
      'auth: { mechanism: plain, user: x, password: y }',
      ['--credentials', 'USERS'],
      { auth: { accounts: { count: 1 } } },
    ],
    ['tls: { mode: required, insecure: true, serverName: a.test }', ['--tls', 'off'], { tls: { mode: 'off' } }],
  ])('%j: the flags %j take the place of what they contradict', async (yaml, words, scenario) => {
    const names: Record<string, string> = { MAIL: 'mail.eml', PW: 'pw.txt', USERS: 'users.csv' };
    const given = words.map((word) => (word in names ? join(folder, names[word] ?? '') : word));
    expect((await prepare(yaml, given)).plan.scenarios[0]).toMatchObject(scenario);
  });

  test('with simple steps becomes a script', async () => {
    const steps =
      'scenarios: [{ steps: [connect, ehlo, pause: 1s, vrfy: postmaster, raw: XTRA one, mail, rcpt, data] }]';
    const { plan } = await prepare(steps);
    expect(plan.scenarios[0].session.steps?.map(({ kind }) => kind)).toEqual([
      ...['connect', 'ehlo', 'pause', 'vrfy', 'raw', 'mail', 'rcpt', 'data', 'quit'],
    ]);
  });
});

describe('the printed configuration', () => {
  const printed = async (
    yaml: string,
    words: string[] = [],
    environment: Record<string, string> = {},
  ): Promise<string> => {
    const { draft, plan, isPrintOnly } = await prepare(yaml, [...words, '--print-config'], environment);
    expect(isPrintOnly).toBe(true);
    return renderConfig(draft, plan).replaceAll(path, 'a.yaml').replaceAll(/ +#/g, ' #');
  };

  test('tells who said what', async () => {
    const yaml =
      'load: { sessions: 5 }\nauth: { mechanism: plain, user: x, password: geheim }\nmessage: { size: 2KiB }';
    const text = await printed(yaml, ['-d', '2s', '--allow-target', 'a.test'], { POSTRUSH_SEED: '7' });
    for (const line of [
      '# target: the built-in sink # default',
      '  sessions: 5 # a.yaml:1:19',
      '  duration: 2s # --duration',
      '  seed: 7 # POSTRUSH_SEED',
      '  giveUp: 30s # default',
      'helo: postrush.test # default',
      '  size: 2KiB # a.yaml:3:18',
      '  password: (hidden) # a.yaml:2:46',
      '# --allow-target a.test # --allow-target',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('geheim');
    expect(await printed(yaml, [], { POSTRUSH_PASSWORD: 'other' })).toContain('password: (hidden) # POSTRUSH_PASSWORD');
  });

  test.each<[string, string[]]>([
    ['load: { sessions: 5, messages: 7 }\nmessage: { size: 2KiB, subject: "a: b" }', []],
    [
      'target: smtps://127.0.0.1:1\ntls: { insecure: true, max: TLSv1.2 }\ntimeouts: { connect: 1s, all: 2s }',
      ['-n', 'all'],
    ],
    ['auth: { mechanism: external }\ntls: { mode: required, share: 5 }', ['--tls-cert', 'CERT', '--tls-key', 'KEY']],
    ['scenarios: [{ name: a, weight: 3, steps: [ehlo, vrfy: "a b", quit] }]', ['--connections', '3']],
    ['targets: [{ url: 127.0.0.1:1 }, { url: 127.0.0.1:2, weight: 3 }]', []],
    ['connection: { localAddresses: [127.0.0.1, 127.0.0.2] }\nextensions: { bdat: 5KiB, declareSize: true }', []],
  ])('of %j is a file that means the same', async (yaml, words) => {
    const { key, cert } = await testCertificate();
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const given = words.map((word) => ({ CERT: join(folder, 'cert.pem'), KEY: join(folder, 'key.pem') })[word] ?? word);
    const { plan, draft } = await prepare(yaml, given);
    expect((await prepare(renderConfig(draft, plan))).plan).toEqual(plan);
  });

  test('hides the passwords of steps', async () => {
    const { draft, plan } = await prepare('scenarios: [{ steps: [ehlo, quit] }]');
    const { file } = draft;
    if (file === null) throw new Error('there is a file');
    const written = { scenarios: [{ steps: [{ auth: { password: 'geheim' } }] }] };
    expect(renderConfig({ ...draft, file: { ...file, written } }, plan)).not.toContain('geheim');
  });
});

describe('problems', () => {
  test.each<[string, string[]]>([
    ['load: { sessions: 0 }', ["a.yaml:1:19: load.sessions: takes a whole number from 1 to 100000 (got '0')"]],
    ['load: { duration: 10 }', ['a.yaml:1:19: load.duration: takes a time from 1ms to 500h with its unit (ms, s, m, h), such as 10s or 1m30s (got \'10\')']], // prettier-ignore
    ['auth: { mechanism: plain }', ['a.yaml:1:20: auth.mechanism: needs auth.user', 'a.yaml:1:20: auth.mechanism: needs a password: give auth.password or set POSTRUSH_PASSWORD']], // prettier-ignore
    ['tls: { ca: nowhere }', ['a.yaml:1:12: tls.ca: cannot be read: there is no such file (got \'nowhere\')', 'a.yaml:1:12: tls.ca: needs TLS: give tls.mode required, tls.mode opportunistic or smtps://']], // prettier-ignore
    ['recipients: 2\nto: a@example.test', ["a.yaml:1:13: recipients: needs %d in to when a message has more than one recipient (got '2')"]], // prettier-ignore
    ['target: x://y', ["a.yaml:1:9: target: takes smtp://host[:port], smtps://host[:port], lmtp://host[:port], smtp+unix:/path, lmtp+unix:/path, smtp+mx://domain[:port] or host:port; other schemes are not supported (got 'x://y')"]], // prettier-ignore
    ['targets: [{ url: 127.0.0.1:1 }, { url: x://y }]', ['a.yaml:1:40: targets[1].url: takes smtp://host']],
    ['to: a@mail.lab', ['a.yaml:1:5: to: names mail.lab, a domain']],
    ['auth: { mechanism: plain, user: x, password: y, passwordFile: pw.txt }', ['a.yaml:1:63: auth.passwordFile: contradicts another key']], // prettier-ignore
    ['scenarios: [{ steps: [ehlo, starttls] }]', ['a.yaml:1:22: scenarios[0].steps: has starttls, which needs tls.mode required or opportunistic']], // prettier-ignore
    ['scenarios: [{ steps: [ehlo, mail: a@mail.lab] }]', ["a.yaml:1:35: scenarios[0].steps[1].mail: 'a@mail.lab' names mail.lab, a domain that is not reserved"]], // prettier-ignore
    ['scenarios: [{ steps: [ehlo, mail, { rcpt: [a@example.test, x y] }] }]', ["a.yaml:1:43: scenarios[0].steps[2].rcpt: 'x y' takes"]], // prettier-ignore
    ['scenarios: [{ steps: [ehlo, repeat: { count: 2, steps: [mail, { rcpt: { count: 2, to: u%d@mail.lab } }, data] }] }]', ["scenarios[0].steps[1].repeat.steps[1].rcpt: 'u%d@mail.lab' names mail.lab"]], // prettier-ignore
    ['load: { messages: 5 }\nscenarios: [{ steps: [ehlo] }]', ["a.yaml:1:19: load.messages: ends no run whose sessions send no mail: give load.duration or load.connections"]], // prettier-ignore
    // What follows from a mistake is left out, what does not is told beside it.
    ['auth: { mechansim: plain, user: x }\nload: { sessions: 0, sed: 1 }', ['a.yaml:1:9: auth: `mechansim` is not known', 'a.yaml:2:19: load.sessions:', 'a.yaml:2:22: load: `sed`']], // prettier-ignore
  ])('of %j stand at their place', async (yaml, expected) => {
    const found = await problems(yaml);
    expect(found).toEqual(expected.map((start): unknown => expect.stringContaining(start)));
  });

  test('stand at the flag or variable when that is where the value came from', async () => {
    const yaml = 'load: { sessions: 5 }\nauth: { mechanism: plain, user: x, password: y }';
    expect(await problems(yaml, ['-s', '0', '--auth', 'x'], { POSTRUSH_SEED: 'x' })).toEqual([
      expect.stringMatching(/^--auth: takes plain/),
      '--sessions: takes a whole number from 1 to 100000',
      expect.stringMatching(/^POSTRUSH_SEED: takes/),
    ]);
  });

  test.each([
    '-n 2',
    '-R 2',
    '-l 1KiB',
    '--from a@b.test',
    '--to a@b.test',
    '--auth plain',
    '--tls off',
    '--hold 1s',
    '--steps ehlo',
  ])('beside steps, %s names the key to edit', async (flag) => {
    const found = await problems(
      'message: { size: 2KiB }\nscenarios: [{ steps: [ehlo, mail, rcpt, data] }]',
      flag.split(' '),
    );
    const place = flag.startsWith('-l') ? /change message\.size in a\.yaml:1:18$/ : /change \S+ in a\.yaml$/;
    expect(found).toEqual([expect.stringMatching(place)]);
  });

  test.each<[string, string]>([
    ["helo: '{{name}}.test'", '1:7: helo: name is not defined'],
    ["from: '{{sqe}}@example.test'", '1:7: from: sqe is not defined: did you mean seq?'],
    ["to: '{{seq}}@mail.lab'", '1:5: to: names mail.lab, a domain that is not reserved'],
    ["auth: { mechanism: plain, user: '{{seq}}', password: x }", '1:33: auth.user: takes no template: helo, from, to, subject or headers do, and the texts of steps'], // prettier-ignore
    ["scenarios: [{ steps: [{ ehlo:, capture: { name: seq, pattern: b } }] }]", '1:22: scenarios[0].steps: captures seq: seq is a variable already'], // prettier-ignore
    ["scenarios: [{ steps: [repeat: { count: 2, steps: [{ noop: '{{sqe}}' }] }] }]", '1:59: scenarios[0].steps[0].repeat.steps[0].noop: sqe is not defined: did you mean seq?'], // prettier-ignore
    ["scenarios: [{ steps: [choose: [{ weight: 1, steps: [{ vrfy: '{{now iso}' }] }]] }]", '1:61: scenarios[0].steps[0].choose[0].steps[0].vrfy: has {{ without }}'], // prettier-ignore
    ['auth: { mechanism: plain, user: x, password: y }\nscenarios: [{ steps: [ehlo, { auth: { mechanism: external } }] }]', '2:22: scenarios[0].steps: has auth external, which needs tls.cert and tls.key'], // prettier-ignore
    ['scenarios: [{ steps: [ehlo, { auth: { mechanism: plain, user: x } }, quit] }]', '1:22: scenarios[0].steps: has auth plain, which needs a password'], // prettier-ignore
    [
      'feeders: { a: { file: none.csv } }',
      "1:23: feeders.a.file: cannot be read: there is no such file (got 'none.csv')",
    ],
    ['feeders: { now: { range: "u{1..2}" } }', '1:17: feeders.now: now is a variable already: take another name'],
    ['feeders: { a: { range: "u{1..2" } }', '1:24: feeders.a.range: no pattern has a range'],
    ['feeders: { a: { range: { x: "u{1..2}", y: "v{1..3}" } } }', '1:43: feeders.a.range.y: counts 3 rows, and the column before it 2'], // prettier-ignore
    ['feeders: { a: { range: "u{1..2}", order: unique } }\nload: { sessions: 3 }', '1:15: feeders.a: needs as many rows as there are sessions at once: it has 2 rows for 3 sessions'], // prettier-ignore
    [
      'feeders: { a: { range: "u{1..2}" } }\nto: \'{{a.valeu}}@example.test\'',
      '2:5: to: a has no column valeu: did you mean value?',
    ],
    ["feeders: { a: { range: \"u{1..2}@mail.lab\" } }\nto: '{{a.value}}'", '2:5: to: a.value in row 1 names mail.lab, a domain that is not reserved'], // prettier-ignore
    [
      'corpus: [{ size: 1KiB }]\nmessage: { size: 2KiB }',
      '2:18: message.size: contradicts corpus: leave one of the two out',
    ],
    ['corpus: [{ size: 10 }]', '1:10: corpus[0]: takes at least'],
    ['corpus: [{ weight: 0, size: 1KiB }]', '1:9: corpus: has weights that sum to nothing'],
    [
      'corpus: { messages: [{ folder: none }] }',
      "1:32: corpus.messages[0].folder: cannot be read: there is no such file (got 'none')",
    ],
    ["corpus: { messages: [{ size: 1KiB }], headers: { A: '{{x}}' } }", '1:53: corpus.headers.A: x is not defined'],
    ['corpus: { messages: [{ size: 1KiB }], dkim: { domain: a.test, selector: s, keyFile: k.pem } }', "1:85: corpus.dkim.keyFile: cannot be read: there is no such file (got 'k.pem')"], // prettier-ignore
    ['subject: 5\nscenarios: [{ corpus: [{ size: 1ZiB }] }]', '2:32: scenarios[0].corpus[0].size: takes'],
  ])('of data: %s', async (yaml, problem) => {
    expect(await problems(yaml)).toContainEqual(expect.stringContaining(`a.yaml:${problem}`));
  });

  test('of files that are none', async () => {
    const of = async (file: string): Promise<string[]> => {
      const invocation = readCommandLine(['run', '-f', file], '0');
      if (invocation.kind !== 'run') throw new Error('not a run');
      return prepareRun(invocation, {}, 2).then(
        () => [],
        (error: unknown) =>
          (error as PostrushError).issues.map((issue) => `${issue.path}: ${issue.message}`.replace(folder, 'DIR')),
      );
    };
    writeFileSync(join(folder, 'large.yaml'), Buffer.alloc(100_000_000, 'a'));
    const startedMs = performance.now();
    expect(await of(join(folder, 'large.yaml'))).toEqual([
      '--scenario: DIR/large.yaml has 100000000 octets, and 256KiB is the limit',
    ]);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(await of(join(folder, 'nowhere.yaml'))).toEqual([
      '--scenario: DIR/nowhere.yaml cannot be read: there is no such file',
    ]);
    expect(await of(folder)).toEqual([expect.stringContaining('it is a directory')]);
    expect(await of('/dev/zero')).toEqual(['--scenario: /dev/zero has 262145 octets, and 256KiB is the limit']);
    writeFileSync(join(folder, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
    expect(await of(join(folder, 'latin.yaml'))).toEqual(['--scenario: DIR/latin.yaml is not UTF-8']);
  });
});
