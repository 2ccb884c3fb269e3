/** What a client says when it authenticates (RFC 4954 with the mechanisms PLAIN and LOGIN). Knows no dialogue. */
import { assert } from '../assert.js';

/**
 * The initial response of PLAIN (RFC 4616 §2) in base64: no authorisation identity, then user and password, each behind
 * a NUL.
 *
 * @throws Error when user or password hold a NUL, which PLAIN cannot carry
 * @internal
 */
export function plainInitialResponse(user: string, password: string): string {
  assert(!user.includes('\0'), 'a user name for AUTH PLAIN holds no NUL');
  assert(!password.includes('\0'), 'a password for AUTH PLAIN holds no NUL');
  return base64(`\0${user}\0${password}`);
}

/**
 * The whole command `AUTH PLAIN <initial response>` with its CRLF.
 *
 * @throws Error when user or password hold a NUL
 */
export function authPlainLine(user: string, password: string): Uint8Array {
  return line(`AUTH PLAIN ${plainInitialResponse(user, password)}`);
}

/**
 * The two answers of the LOGIN dialogue (draft-murchison-sasl-login), each with its CRLF. What the server prompts is
 * not trusted to matter.
 */
export function loginResponses(user: string, password: string): { user: Uint8Array; password: Uint8Array } {
  return { user: line(base64(user)), password: line(base64(password)) };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const line = (text: string): Uint8Array => new TextEncoder().encode(`${text}\r\n`);
