/** One self-signed certificate for all tests of a process: making a key takes longer than a test should. */
import { generate } from 'selfsigned';
import { selfSignedPair } from '../../src/sink/self-signed.js';

let cached: Promise<{ key: string; cert: string }> | null = null;

/** Key and certificate (PEM) for localhost and the loopback addresses; the certificate is its own authority. */
export function testCertificate(): Promise<{ key: string; cert: string }> {
  cached ??= selfSignedPair('localhost');
  return cached;
}

/** An authority, a certificate that it signed for `name`, and one that this signed, though it may not. All PEM. */
export async function certificateChain(
  name: string,
): Promise<{ readonly root: string; readonly leaf: string; readonly grandchild: string }> {
  const sign = (commonName: string, isAuthority: boolean, ca?: { key: string; cert: string }) =>
    generate([{ name: 'commonName', value: commonName }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: isAuthority }],
      ...(ca === undefined ? {} : { ca }),
    });
  const root = await sign('root.test', true);
  const leaf = await sign(name, false, { key: root.private, cert: root.cert });
  const grandchild = await sign('grandchild.test', false, { key: leaf.private, cert: leaf.cert });
  return { root: root.cert, leaf: leaf.cert, grandchild: grandchild.cert };
}
