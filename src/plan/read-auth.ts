/** What `--auth` takes, and what each mechanism has to be told. Knows no mechanism from inside. */
import type { AuthPlan, TlsPlan } from './load-plan.js';
import type { OptionKey, OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { readCredentials } from './read-credentials.js';
import { authOfStep } from './step-auth.js';
import type { OwnAuth } from './step-auth.js';
import { parsePercent } from './units.js';

/** What a mechanism needs. */
interface AuthNeeds {
  /** Without a user name it cannot be spoken. */
  readonly needsUser: boolean;
  readonly secret: 'password' | 'token' | 'none';
  /** Whoever reads along learns the secret: without TLS, off loopback, it needs consent. */
  readonly showsSecret: boolean;
}

const PASSWORD_SHOWN: AuthNeeds = { needsUser: true, secret: 'password', showsSecret: true };
const PASSWORD_HIDDEN: AuthNeeds = { needsUser: true, secret: 'password', showsSecret: false };

/** The words for `--auth`, in the order of the help. */
const AUTH_NEEDS = {
  plain: PASSWORD_SHOWN,
  /** PLAIN without an initial response: the server asks for it with an empty challenge. */
  'plain-late': PASSWORD_SHOWN,
  login: PASSWORD_SHOWN,
  'cram-md5': PASSWORD_HIDDEN,
  'scram-sha-1': PASSWORD_HIDDEN,
  'scram-sha-256': PASSWORD_HIDDEN,
  xoauth2: { needsUser: true, secret: 'token', showsSecret: true },
  /** A token may say by itself whose it is (RFC 7628 §3.1). */
  oauthbearer: { needsUser: false, secret: 'token', showsSecret: true },
  /** A certificate may say by itself whose it is (RFC 4422, appendix A). */
  external: { needsUser: false, secret: 'none', showsSecret: false },
  /** What the server offers decides, and it may offer PLAIN alone. */
  auto: PASSWORD_SHOWN,
} as const satisfies Record<string, AuthNeeds>;

/** One of the words for `--auth`. */
export type AuthChoice = keyof typeof AUTH_NEEDS;

/** All of them, in the order of the help. */
export const AUTH_CHOICES = Object.keys(AUTH_NEEDS) as readonly AuthChoice[];

const MAX_PASSWORD_LENGTH = 4096;
/** A response line has at most 12,288 octets (RFC 4954 §4), which is 9,216 before base64; the rest is for the name. */
const MAX_TOKEN_LENGTH = 8192;
/** RFC 6750 §2.1, `b64token`. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Options that say nothing without a mechanism. */
const NEED_AUTH = ['user', 'password', 'credentials', 'authWrong'] as const satisfies readonly OptionKey[];

/** Whether a mechanism shows its secret to whoever reads along. */
export function showsSecret(choice: AuthChoice): boolean {
  return AUTH_NEEDS[choice].showsSecret;
}

/** Whether a password or token in the environment is meant for what was asked; any other word is refused elsewhere. */
export function takesSecret(choice: string): boolean {
  return choice.toLowerCase() !== 'external';
}

/** Reads credentials and mechanism. `tls`: whether there is a certificate to prove who we are. */
export function readAuth(reader: OptionReader, tls: TlsPlan): AuthPlan | null {
  const mechanism = reader.choice('auth', null, AUTH_CHOICES);
  const user = reader.text('user', '');
  const password = reader.text('password', '');
  if (!reader.has('auth')) for (const key of NEED_AUTH) if (reader.has(key)) reader.refuse(key, 'needs --auth');
  const needs: AuthNeeds | null = mechanism === null ? null : AUTH_NEEDS[mechanism];
  const credentials = readCredentials(reader, ({ user: name, password: secret }) => {
    if (needs === null) return null;
    return (needs.needsUser || name !== '' ? nameProblem(name) : null) ?? secretProblem(secret, needs.secret);
  });
  const wrongPercent = readWrongShare(reader, mechanism, tls);
  if (mechanism === null || needs === null) return null;
  if (reader.has('credentials')) {
    for (const key of ['user', 'password'] as const) {
      if (reader.has(key)) reader.refuse(key, 'contradicts --credentials, which names users and passwords');
    }
    if (needs.secret === 'none') reader.refuse('credentials', 'is not for --auth external, which has no password');
    const { first, accounts = null } = credentials ?? {};
    return { mechanism, user: first?.user ?? '', password: first?.password ?? '', accounts, wrongPercent };
  }
  // A certificate can stand in for a password; whoever gives a password as well leaves the choice to the server.
  const isCertificateEnough = mechanism === 'auto' && tls.clientCertificate !== null && !reader.has('password');
  if (needs.needsUser && !isCertificateEnough && !reader.has('user')) reader.refuse('auth', 'needs --user');
  if (reader.has('user')) checkUser(reader, user);
  if (reader.has('password')) checkSecret(reader, password, needs.secret);
  else if (needs.secret !== 'none' && !isCertificateEnough) {
    reader.refuse('auth', `needs a ${needs.secret}: give --password-file or set POSTRUSH_PASSWORD`);
  }
  if (mechanism === 'external') checkExternal(reader, tls);
  return { mechanism, user, password, accounts: null, wrongPercent };
}

/** What a step with AUTH misses, in one sentence; null: nothing. */
export function stepAuthProblem(step: OwnAuth, auth: AuthPlan | null, tls: TlsPlan): string | null {
  if (auth === null && step.mechanism === null) return 'has auth, which needs --auth';
  const { mechanism, user, password, accounts } = authOfStep(auth, step);
  const needs = AUTH_NEEDS[mechanism];
  const isCertificateEnough = (mechanism === 'auto' || needs.secret === 'none') && tls.clientCertificate !== null;
  if (isCertificateEnough || accounts !== null) return null;
  if (needs.secret === 'none') return 'has auth external, which needs --tls-cert and --tls-key';
  if (needs.needsUser && user === '') return `has auth ${mechanism}, which needs a user`;
  return password === '' ? `has auth ${mechanism}, which needs a ${needs.secret}` : null;
}

/** Share of the sessions that say a wrong password. */
function readWrongShare(reader: OptionReader, mechanism: AuthChoice | null, tls: TlsPlan): number {
  const text = reader.written('authWrong');
  if (text === null) return DEFAULTS.authWrongPercent;
  const percent = parsePercent(text, 0);
  if (!percent.ok) reader.refuse('authWrong', percent.takes, text);
  if (mechanism === 'external') reader.refuse('authWrong', 'is not for --auth external, which has no password');
  else if (mechanism === 'auto' && tls.clientCertificate !== null) {
    reader.refuse(
      'authWrong',
      'needs a mechanism with a password, and --auth auto may prefer the certificate: name one',
    );
  }
  return percent.ok ? percent.value : DEFAULTS.authWrongPercent;
}

function checkUser(reader: OptionReader, user: string): void {
  const problem = nameProblem(user);
  if (problem !== null) reader.refuse('user', problem, user);
}

function checkSecret(reader: OptionReader, secret: string, kind: AuthNeeds['secret']): void {
  const problem = secretProblem(secret, kind);
  if (problem !== null) reader.refuse('password', problem);
}

function nameProblem(user: string): string | null {
  const isFit = user !== '' && user.length <= MAX_PASSWORD_LENGTH && !hasControls(user);
  return isFit ? null : 'takes a name without control characters';
}

/** Never shows the secret. */
function secretProblem(secret: string, kind: AuthNeeds['secret']): string | null {
  switch (kind) {
    case 'none':
      return 'is not for --auth external, which has no password';
    case 'password':
      if (secret !== '' && secret.length <= MAX_PASSWORD_LENGTH && !hasControls(secret)) return null;
      return 'takes a password on one line, without control characters';
    case 'token':
      if (TOKEN.test(secret) && secret.length <= MAX_TOKEN_LENGTH) return null;
      // "Bearer" in front of it is the usual mistake.
      return 'takes a token alone on one line: letters, digits and -._~+/, then = (RFC 6750)';
  }
}

/** Its one proof is a certificate, shown inside TLS. */
function checkExternal(reader: OptionReader, { mode, clientCertificate }: TlsPlan): void {
  if (mode !== 'required' && mode !== 'implicit') reader.refuse('auth', 'external needs --tls required or smtps://');
  if (clientCertificate === null) reader.refuse('auth', 'external needs --tls-cert and --tls-key');
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
