/** Makes a certificate for a sink that was given none. The only place that knows the library for it. */
import { generate } from 'selfsigned';

/** Key and certificate in PEM, for `name`, localhost and the loopback addresses; valid for a year, signed by itself. */
export async function selfSignedPair(name: string): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      // Its own authority, so that a client can be given it as the one to trust.
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key, cert };
}
