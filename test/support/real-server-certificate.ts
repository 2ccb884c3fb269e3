/** A throwaway certificate for 127.0.0.1 and localhost, which is its own authority. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** PEM texts, and the files they were written to. */
export interface ThrowawayCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Makes a certificate and writes it to `folder`. */
export async function makeCertificate(folder: string): Promise<ThrowawayCertificate> {
  const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
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
  });
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  writeFileSync(certificateFile, pem.cert);
  writeFileSync(keyFile, pem.private, { mode: 0o600 });
  chmodSync(certificateFile, 0o644);
  return { certificate: pem.cert, key: pem.private, certificateFile, keyFile };
}
