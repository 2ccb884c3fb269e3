/**
 * SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677): client and server prove to each other that they know the password.
 * Without channel binding.
 *
 * ```
 * client                                   server
 * n,,n=user,r=CLIENT                  ->
 *                                     <-   r=CLIENTSERVER,s=salt,i=4096
 * c=biws,r=CLIENTSERVER,p=proof       ->
 *                                     <-   v=signature, as one more challenge (RFC 4954 §4)
 * (empty)                             ->
 *                                     <-   235
 * ```
 */
import { decodeBase64 } from './base64.js';
import { NOTHING_LEFT, say, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';
import { saslName } from './sasl-name.js';
import { saslPrepared } from './sasl-prep.js';
import { MAX_SCRAM_ITERATIONS, keyedDigest } from './scram-keys.js';
import type { ScramHash } from './scram-keys.js';

/** No channel binding, no authorisation identity. */
const HEADER = 'n,,';
const HEADER_BASE64 = 'biws';

/** Characters of a server's message that a problem may quote. */
const MAX_SHOWN = 100;

/** The server's first message. An extension that must be understood (`m=`) stands before the nonce, and is not. */
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([^,]+),i=([1-9][0-9]*)(?:,.*)?$/s;

/** One conversation. */
export function* scram(hash: ScramHash, knowledge: SaslKnowledge): SaslConversation {
  const { user, secret, scramKeys } = knowledge;
  const ownNonce = knowledge.nonce();
  const bare = `n=${saslName(saslPrepared(user))},r=${ownNonce}`;

  const serverFirst = (yield say(`${HEADER}${bare}`)).toString('utf8');
  const [, nonce = '', salt = '', iterations = ''] = SERVER_FIRST.exec(serverFirst) ?? [];
  const isReadable = (decodeBase64(salt)?.length ?? 0) > 0;
  if (!isReadable) return `the server's first message of SCRAM makes no sense: '${serverFirst.slice(0, MAX_SHOWN)}'`;
  const problem = problemWith(ownNonce, nonce, Number(iterations));
  if (problem !== '') return problem;

  const keys = scramKeys.keysOf(hash, salt, Number(iterations), user, secret);
  const withoutProof = `c=${HEADER_BASE64},r=${nonce}`;
  const authMessage = `${bare},${serverFirst},${withoutProof}`;
  const proof = exclusiveOr(keys.clientKey, keyedDigest(hash, keys.storedKey, authMessage));
  const serverFinal = (yield say(`${withoutProof},p=${proof.toString('base64')}`)).toString('utf8');

  if (/^e=./.test(serverFinal)) {
    // A refusal with its reason (RFC 5802 §7). The refusal itself is the reply to what is said here.
    yield say('');
    return NOTHING_LEFT;
  }
  const expected = `v=${keyedDigest(hash, keys.serverKey, authMessage).toString('base64')}`;
  if (serverFinal !== expected && !serverFinal.startsWith(`${expected},`)) {
    return serverFinal.startsWith('v=')
      ? "the server's signature is wrong: it does not know the password"
      : 'the last message of SCRAM holds no signature of the server';
  }
  yield sayLast('');
  return NOTHING_LEFT;
}

/** What is wrong with what the server asks for; '': nothing. */
function problemWith(ownNonce: string, nonce: string, iterations: number): string {
  // RFC 5802 §5.1: otherwise it may be an answer to somebody else.
  if (!nonce.startsWith(ownNonce)) return "the server's nonce does not begin with ours";
  if (nonce === ownNonce) return 'the server adds nothing to our nonce';
  if (iterations > MAX_SCRAM_ITERATIONS) {
    return `the server asks for ${String(iterations)} iterations, and ${String(MAX_SCRAM_ITERATIONS)} is the limit`;
  }
  return '';
}

function exclusiveOr(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((octet, index) => octet ^ (b[index] as number)));
}
