/** One self-signed certificate for all tests of a process: making a key takes longer than a test should. */
import { generate } from 'selfsigned';

let cached: Promise<{ key: string; cert: string }> | null = null;

/** Key and certificate (PEM) for localhost and 127.0.0.1; the certificate is its own authority. */
export function testCertificate(): Promise<{ key: string; cert: string }> {
  cached ??= generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  }).then(({ private: key, cert }) => ({ key, cert }));
  return cached;
}
