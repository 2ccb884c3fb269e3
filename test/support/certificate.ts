/** One self-signed certificate for all tests of a process: making a key takes longer than a test should. */
import { selfSignedPair } from '../../src/sink/self-signed.js';

let cached: Promise<{ key: string; cert: string }> | null = null;

/** Key and certificate (PEM) for localhost and the loopback addresses; the certificate is its own authority. */
export function testCertificate(): Promise<{ key: string; cert: string }> {
  cached ??= selfSignedPair('localhost');
  return cached;
}
