import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ClientCertificates } from '../../src/sink/client-certificates.js';
import { selfSignedPair } from '../../src/sink/self-signed.js';
import { certificateChain } from '../support/certificate.js';

const chain = await certificateChain('client.test');
const stranger = await selfSignedPair('stranger.test');
const now = new Date();
const in20Years = new Date(now.getTime() + 20 * 365 * 86_400_000);

function nameOf(pem: string, trusted: string, at = now): string | null {
  return new ClientCertificates(trusted).nameOf(new X509Certificate(pem), at);
}

describe('the certificate of a client', () => {
  test('names its subject where it is trusted itself, or signed by one that is', () => {
    expect(nameOf(chain.leaf, chain.leaf)).toBe('client.test');
    expect(nameOf(chain.leaf, stranger.cert + chain.root)).toBe('client.test');
    expect(nameOf(chain.root, chain.root)).toBe('root.test');
  });

  test('names nobody where it is a stranger, though it bears the name of one that is trusted', async () => {
    expect(nameOf(stranger.cert, chain.root)).toBeNull();
    const pretender = await certificateChain('client.test');
    expect(nameOf(pretender.leaf, chain.root)).toBeNull();
  });

  test('names nobody where what signed it is no authority', () => {
    expect(nameOf(chain.grandchild, chain.leaf)).toBeNull();
  });

  test('names nobody before and after its time', () => {
    expect(nameOf(chain.leaf, chain.root, in20Years)).toBeNull();
    expect(nameOf(chain.leaf, chain.root, new Date(0))).toBeNull();
  });

  test('names nobody where there is none', () => {
    expect(new ClientCertificates(chain.root).nameOf(undefined, now)).toBeNull();
  });

  test.each(['', 'junk', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'cannot be compared with %j',
    (pem) => {
      expect(() => new ClientCertificates(pem)).toThrow();
    },
  );
});
