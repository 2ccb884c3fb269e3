/** The SASL mechanisms that a client can speak. A new one is one more file here and one entry below. */
import { AuthMechanism } from '../extensions.js';
import { cramMd5 } from './cram-md5.js';
import { external } from './external.js';
import { login } from './login.js';
import { oauthBearer } from './oauthbearer.js';
import { plain } from './plain.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';
import { scram } from './scram.js';
import { xoauth2 } from './xoauth2.js';

/** One mechanism, in one way of speaking it. */
export interface SaslMechanism {
  /** As it stands in EHLO and AUTH. */
  readonly name: string;
  /** Its bit of {@link AuthMechanism}. */
  readonly bit: number;
  readonly begin: (knowledge: SaslKnowledge) => SaslConversation;
  /** The client's first message waits for an empty challenge, even where it could go with the command (RFC 4954 §4). */
  readonly isLate: boolean;
  /** It says nothing outside TLS. */
  readonly needsTls: boolean;
}

const mechanism = (
  name: string,
  bit: number,
  begin: SaslMechanism['begin'],
  special: Partial<SaslMechanism> = {},
): SaslMechanism => ({ name, bit, begin, isLate: false, needsTls: false, ...special });

/** Every mechanism by the word that users have for it. */
export const SASL_MECHANISMS = {
  plain: mechanism('PLAIN', AuthMechanism.plain, plain),
  'plain-late': mechanism('PLAIN', AuthMechanism.plain, plain, { isLate: true }),
  login: mechanism('LOGIN', AuthMechanism.login, login),
  'cram-md5': mechanism('CRAM-MD5', AuthMechanism.cramMd5, cramMd5),
  'scram-sha-1': mechanism('SCRAM-SHA-1', AuthMechanism.scramSha1, (knowledge) => scram('sha1', knowledge)),
  'scram-sha-256': mechanism('SCRAM-SHA-256', AuthMechanism.scramSha256, (knowledge) => scram('sha256', knowledge)),
  xoauth2: mechanism('XOAUTH2', AuthMechanism.xoauth2, xoauth2),
  oauthbearer: mechanism('OAUTHBEARER', AuthMechanism.oauthBearer, oauthBearer),
  external: mechanism('EXTERNAL', AuthMechanism.external, external, { needsTls: true }),
} as const satisfies Record<string, SaslMechanism>;

/**
 * What can be done with a password, the strongest first: what tells the server, and whoever reads along, the least.
 *
 * 1. SCRAM-SHA-256, SCRAM-SHA-1: the password stays here, and the server has to prove that it knows it, too.
 * 2. CRAM-MD5: the password stays here; the server proves nothing.
 * 3. PLAIN: the server, and whoever it is, gets the password. LOGIN does the same in more round trips.
 *
 * XOAUTH2 and OAUTHBEARER are not among them. Nothing tells a token from a password, a password presented as a token
 * fails for certain, and many a server shows it to a third party that judges tokens. Whoever has a token says so.
 */
export const PASSWORD_MECHANISMS: readonly SaslMechanism[] = [
  SASL_MECHANISMS['scram-sha-256'],
  SASL_MECHANISMS['scram-sha-1'],
  SASL_MECHANISMS['cram-md5'],
  SASL_MECHANISMS.plain,
  SASL_MECHANISMS.login,
];

/**
 * The first of the candidates that may be used.
 *
 * @param offered - bits of {@link AuthMechanism} that the server offers
 * @param isSecure - whether the connection is inside TLS
 * @returns null when there is none
 */
export function chooseMechanism(
  candidates: readonly SaslMechanism[],
  offered: number,
  isSecure: boolean,
): SaslMechanism | null {
  return candidates.find(({ bit, needsTls }) => (offered & bit) !== 0 && (isSecure || !needsTls)) ?? null;
}
