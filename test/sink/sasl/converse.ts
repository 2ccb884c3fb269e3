/** The client's side of SASL conversations in tests, as plain text. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { SaslConversation, SaslVerdict } from '../../../src/sink/sasl/sasl-mechanism.js';
import type { ScramHash } from '../../../src/sink/sasl/scram-keys.js';

/** What a conversation yielded, and what it came to; null: it still waits for a response. */
export interface Conversed {
  readonly challenges: readonly string[];
  readonly verdict: SaslVerdict | null;
}

/** Gives these responses one by one. */
export function converse(conversation: SaslConversation, responses: readonly string[]): Conversed {
  const challenges: string[] = [];
  let step = conversation.next();
  for (const response of responses) {
    if (step.done === true) throw new Error('the conversation was over before its last response');
    challenges.push(step.value);
    step = conversation.next(response);
  }
  if (step.done === true) return { challenges, verdict: step.value };
  return { challenges: [...challenges, step.value], verdict: null };
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The last two messages of SCRAM for the server's first: the client's final one and the signature it expects. */
export function scramAnswer(
  password: string,
  bare: string,
  serverFirst: string,
  { header = 'n,,', hash = 'sha256' }: { header?: string; hash?: ScramHash } = {},
): { final: string; signature: string } {
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), hash === 'sha1' ? 20 : 32, hash);
  const clientKey = hmac(hash, salted, 'Client Key');
  const withoutProof = `c=${base64(header)},r=${nonce}`;
  const authMessage = `${bare},${serverFirst},${withoutProof}`;
  const signature = hmac(hash, createHash(hash).update(clientKey).digest(), authMessage);
  const proof = Buffer.from(clientKey.map((octet, index) => octet ^ (signature[index] ?? 0)));
  return {
    final: `${withoutProof},p=${proof.toString('base64')}`,
    signature: `v=${hmac(hash, hmac(hash, salted, 'Server Key'), authMessage).toString('base64')}`,
  };
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}
