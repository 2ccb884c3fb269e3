/** What `--credentials` takes, and that no problem with it and no plan that is shown tells a password. */
import { describe, expect, test } from 'vitest';
import type { PostrushError } from '../../src/errors.js';
import type { LoadPlan, ScenarioPlan } from '../../src/plan/load-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { redactPlan } from '../../src/plan/redact-plan.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';

type Options = Partial<LoadTestOptions>;
const FILE = 'user,password\nanna,one-secret\nbert,other-secret\n';
const PEMS = { tlsCert: '-----BEGIN CERTIFICATE-----', tlsKey: '-----BEGIN PRIVATE KEY-----' };

const resolve = (options: Options): ScenarioPlan => planOf(options).scenarios[0];
const planOf = (options: Options): LoadPlan => resolvePlan({ target: '127.0.0.1:2525', ...options }, 2);

function problemsOf(options: Options): string[] {
  try {
    resolve(options);
  } catch (error) {
    expect(String(error) + JSON.stringify((error as PostrushError).issues)).not.toContain('secret');
    return (error as PostrushError).issues.map(
      ({ path, message, received }) => `${path}: ${message}${received === undefined ? '' : `, got '${received}'`}`,
    );
  }
  return [];
}

describe('accounts', () => {
  test.each<[string, string, string]>([
    ['as they stand', FILE, 'anna\none-secret\nbert\nother-secret\n'],
    ['with other columns, in any order', 'id,Password, USER ,x\n1,p,anna,\n2,q,bert,y\n', 'anna\np\nbert\nq\n'],
    ['in quotes', '\ufeff"user","password"\r\n"a,b","say ""x"""\r\n', 'a,b\nsay "x"\n'],
    ['behind empty lines', '\n\nuser,password\n\nanna,p\n\n', 'anna\np\n'],
  ])('are read %s', (_how, credentials, text) => {
    const { auth } = resolve({ auth: 'plain', credentials });
    expect(auth?.accounts).toEqual({ count: text.split('\n').length >> 1, order: 'in-order', text });
    const [user, password] = text.split('\n');
    expect(auth).toMatchObject({ user, password, wrongPercent: 0 });
  });

  test.each(['in-order', 'random', 'sticky'])('are taken %s', (credentialsOrder) => {
    const plan = resolve({ auth: 'plain', credentials: FILE, credentialsOrder });
    expect(plan.auth?.accounts).toMatchObject({ count: 2, order: credentialsOrder });
  });

  test('have tokens where the mechanism does, and with oauthbearer perhaps no name', () => {
    expect(resolve({ auth: 'oauthbearer', credentials: 'user,password\n,aZ09-._~+/==\n' }).auth).toMatchObject({
      ...{ user: '', password: 'aZ09-._~+/==', accounts: { count: 1, text: '\naZ09-._~+/==\n' } },
    });
  });

  test('need nothing else, whatever the mechanism', () => {
    for (const auth of ['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'xoauth2', 'auto']) {
      expect(resolve({ auth, credentials: FILE }).auth?.accounts?.count).toBe(2);
    }
    const withCertificate = { auth: 'auto', tls: 'required', ...PEMS, credentials: FILE };
    expect(resolve(withCertificate).auth?.accounts?.count).toBe(2);
  });

  const NOT_A_PASSWORD = 'takes a password on one line, without control characters';
  test.each<[string, string[]]>([
    ['', ['line 1: no account follows the header']],
    ['user,password\n', ['line 1: no account follows the header']],
    ['anna,secret\nbert,secret\n', ['line 1: the header has to name the columns user and password']],
    ['name,password\nanna,secret\n', ['line 1: the header has to name the columns user and password']],
    ['user,password,user\nanna,secret,x\n', ['line 1: the header names a column twice']],
    ['user,password\nanna,secret\n,secret\n', ['line 3: takes a name without control characters']],
    ['user,password\nanna,\nbert,"secret\nsecret"\nc,secret\n', [`line 2: ${NOT_A_PASSWORD}`, `line 3: ${NOT_A_PASSWORD}`]], // prettier-ignore
    ['user,password\nanna,secret"\n', ['line 2: a value is followed by neither a comma nor a line end']],
    ['user,password\n"anna,secret\n', ['line 2: a quote is not closed']],
    [
      'user,password\nanna,secret,secret\nbert\n',
      ['3 values', '1 values'].map(
        (values, index) =>
          `line ${String(index + 2)}: has ${values}, and the header 2 columns: a value with a comma or a quote in it needs quotes around it`,
      ),
    ],
    [`user,password\n${'a,\n'.repeat(9)}`, [2, 3, 4, 5, 6].map((line) => `line ${String(line)}: ${NOT_A_PASSWORD}`)],
  ])('in %j are refused by line, without a word of what stands there', (credentials, problems) => {
    const found = problemsOf({ auth: 'plain', credentials });
    expect(found).toEqual(problems.map((problem) => `--credentials: ${problem}`));
  });

  test('are a million at most, in 64 MiB', () => {
    const header = 'user,password\n';
    expect(resolve({ auth: 'plain', credentials: header + 'u,p\n'.repeat(1_000_000) }).auth?.accounts?.count).toBe(1e6);
    expect(problemsOf({ auth: 'plain', credentials: header + 'u,p\n'.repeat(1_000_001) })).toEqual([
      '--credentials: line 1000002: is one account more than 1000000',
    ]);
    expect(problemsOf({ auth: 'plain', credentials: header.padEnd(64 * 1_048_576 + 1) })).toEqual([
      '--credentials: takes at most 64MiB',
    ]);
  });

  test.each<[Options, string[]]>([
    [{ credentials: FILE }, ['--credentials: needs --auth']],
    [{ authWrong: 10 }, ['--auth-wrong: needs --auth']],
    [
      { auth: 'plain', user: 'u', password: 'secret', credentialsOrder: 'random' },
      ['--credentials-order: needs --credentials'],
    ],
    [
      { auth: 'plain', credentials: FILE, credentialsOrder: 'best' },
      ["--credentials-order: takes in-order, random or sticky, got 'best'"],
    ],
    [
      { auth: 'plain', credentials: FILE, user: 'u', password: 'secret' },
      ['--user', '--password-file'].map(
        (flag) => `${flag}: contradicts --credentials, which names users and passwords`,
      ),
    ],
    [
      { auth: 'oauthbearer', credentials: 'user,password\nanna,Bearer secret\n' },
      ['--credentials: line 2: takes a token alone on one line: letters, digits and -._~+/, then = (RFC 6750)'],
    ],
    [
      { auth: 'plain', credentials: FILE, target: 'smtp://10.0.0.1' },
      [
        '--auth: would send the password in clear to 10.0.0.1, which is not this machine: use --tls required or smtps://, or give --auth-clear if that is what you want',
      ],
    ],
  ])('and their rules: %j is refused', (options, problems) => {
    expect(problemsOf(options)).toEqual(problems);
  });

  test('are not for a certificate that says alone who it is', () => {
    const external = { auth: 'external', tls: 'required', ...PEMS };
    const problem = 'is not for --auth external, which has no password';
    expect(problemsOf({ ...external, credentials: FILE })).toContain(`--credentials: ${problem}`);
    expect(problemsOf({ ...external, authWrong: 10 })).toEqual([`--auth-wrong: ${problem}`]);
    expect(problemsOf({ auth: 'auto', tls: 'required', ...PEMS, authWrong: 10 })).toEqual([
      '--auth-wrong: needs a mechanism with a password, and --auth auto may prefer the certificate: name one',
    ]);
  });
});

describe('the share of wrong passwords', () => {
  const login = { auth: 'plain', user: 'u', password: 'p' };

  test.each([
    [10, 10],
    ['10%', 10],
    ['100', 100],
    [0, 0],
  ])('is a percentage: %j', (authWrong, percent) => {
    expect(resolve({ ...login, authWrong }).auth).toMatchObject({ accounts: null, wrongPercent: percent });
  });

  test.each(['101', '-1', '2.5', 'all', ''])('is nothing else: %j', (authWrong) => {
    expect(problemsOf({ ...login, authWrong })).toEqual([
      `--auth-wrong: takes a percentage from 0 to 100, got '${authWrong}'`,
    ]);
  });
});

test('a plan that is printed or stored holds no account, but says how many there are', () => {
  const redacted = redactPlan(
    planOf({ auth: 'login', credentials: FILE, credentialsOrder: 'sticky', authWrong: '10%' }),
  );
  for (const word of ['anna', 'bert', 'secret']) expect(JSON.stringify(redacted)).not.toContain(word);
  expect(redacted.scenarios[0]?.auth).toEqual({
    ...{ mechanism: 'login', user: '', accounts: { count: 2, order: 'sticky' }, wrongPercent: 10 },
  });
});
