/** The SASL mechanisms that a sink knows. A new one is one more file here and one entry below. */
import type { Secrets } from '../credentials.js';
import { external } from './external.js';
import { cramChallenge, cramMd5 } from './cram-md5.js';
import { oauthBearer } from './oauthbearer.js';
import { login, plain } from './plain-and-login.js';
import type { SaslConversation } from './sasl-mechanism.js';
import type { ScramKeys } from './scram-keys.js';
import { scram, scramNonce } from './scram.js';
import { xoauth2 } from './xoauth2.js';

/** What conversations need to know. */
export interface SaslKnowledge {
  readonly credentials: Secrets;
  readonly scramKeys: ScramKeys;
  /** The sink's name, for challenges. */
  readonly hostName: string;
}

/** Their names, in the order of EHLO. */
export const MECHANISM_NAMES = [
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'XOAUTH2',
  'OAUTHBEARER',
  'EXTERNAL',
] as const;
/** Name of a mechanism. */
export type MechanismName = (typeof MECHANISM_NAMES)[number];

/** One mechanism. */
export interface SaslMechanism {
  /** @param certificateName - whom the certificate of the TLS session names; null: nobody that is trusted */
  readonly begin: (knowledge: SaslKnowledge, certificateName: string | null) => SaslConversation;
  /** The client may speak first, in the AUTH command itself (RFC 4954 §4). */
  readonly takesInitialResponse: boolean;
}

const MECHANISMS: Readonly<Record<MechanismName, SaslMechanism>> = {
  PLAIN: { begin: ({ credentials }) => plain(credentials), takesInitialResponse: true },
  LOGIN: { begin: ({ credentials }) => login(credentials), takesInitialResponse: true },
  'CRAM-MD5': {
    begin: ({ credentials, hostName }) => cramMd5(credentials, cramChallenge(hostName)),
    takesInitialResponse: false,
  },
  'SCRAM-SHA-1': { begin: ({ scramKeys }) => scram('sha1', scramKeys, scramNonce()), takesInitialResponse: true },
  'SCRAM-SHA-256': { begin: ({ scramKeys }) => scram('sha256', scramKeys, scramNonce()), takesInitialResponse: true },
  XOAUTH2: { begin: ({ credentials }) => xoauth2(credentials), takesInitialResponse: true },
  OAUTHBEARER: { begin: ({ credentials }) => oauthBearer(credentials), takesInitialResponse: true },
  EXTERNAL: { begin: ({ credentials }, name) => external(credentials, name), takesInitialResponse: true },
};

/** The name of a mechanism as it stands in `AUTH NAME`, in any case; null: it is not one of `offered`. */
export function mechanismNamed(text: string, offered: readonly MechanismName[]): MechanismName | null {
  const name = text.toUpperCase();
  return offered.find((each) => each === name) ?? null;
}

/** The mechanism itself. */
export function mechanismOf(name: MechanismName): SaslMechanism {
  return MECHANISMS[name];
}
