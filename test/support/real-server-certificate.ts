/** The certificate of the tests as files, for servers that read it from there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testCertificate } from './certificate.js';

/** Names of the files that were written. */
export interface CertificateFiles {
  /** Certificate for localhost and 127.0.0.1, its own authority. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Writes certificate and key to `folder`. */
export async function writeCertificate(folder: string): Promise<CertificateFiles> {
  const { key, cert } = await testCertificate();
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  writeFileSync(certificateFile, cert, { mode: 0o644 });
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certificateFile, keyFile };
}
