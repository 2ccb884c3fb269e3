/** What a sink needs for TLS: its key and certificate made ready, and its word on the certificates of clients. */
import type { Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { PostrushError } from '../errors.js';
import { ClientCertificates } from './client-certificates.js';
import type { SinkTls } from './sink-options.js';

/** TLS of all connections of a sink. */
export class SinkTlsContext {
  readonly #context: SecureContext;
  /** null: no client is asked for a certificate. */
  readonly #clients: ClientCertificates | null;
  readonly #demandsCertificate: boolean;

  /** @throws PostrushError `E_CONFIG` when key or certificates cannot be used */
  constructor({ key, cert, clientCa, requireClientCert = false, minVersion, maxVersion }: SinkTls) {
    const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
    this.#context = orRefuse("the sink's key and certificate cannot be used: both must be PEM, and a pair", () =>
      createSecureContext({
        key,
        cert,
        ...(minVersion === undefined ? {} : { minVersion }),
        ...(maxVersion === undefined ? {} : { maxVersion }),
        // OpenSSL speaks no version below 1.2 at its usual level.
        ...(isOld ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
        // OpenSSL resumes no session with a certificate of the client unless the context has a name.
        ...(clientCa === undefined ? {} : { ca: clientCa, sessionIdContext: 'postrush' }),
      }),
    );
    this.#clients =
      clientCa === undefined
        ? null
        : orRefuse(
            "the sink's certificates of clients cannot be used: they must be PEM",
            () => new ClientCertificates(clientCa),
          );
    this.#demandsCertificate = requireClientCert;
  }

  /** The server's side of TLS on a connection. */
  wrap(socket: Socket): TLSSocket {
    const requestCert = this.#clients !== null;
    return new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      requestCert,
      rejectUnauthorized: this.#demandsCertificate,
    });
  }

  /** Whom the certificate of a client names; null: it showed none that is trusted. */
  nameOf(socket: TLSSocket): string | null {
    return this.#clients?.nameOf(socket.getPeerX509Certificate(), new Date()) ?? null;
  }

  /** Whether somebody may come in whose certificate names this. */
  admits(certificateName: string | null): boolean {
    return !this.#demandsCertificate || certificateName !== null;
  }
}

function orRefuse<T>(message: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new PostrushError('E_CONFIG', message, { cause });
  }
}
