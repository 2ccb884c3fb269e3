/** A server inside TLS that knows its clients by their certificates: what a sink does not do. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

/** What it is given, all PEM. */
interface CertificateServerOptions {
  readonly key: string;
  readonly cert: string;
  /** The certificate that clients must show. */
  readonly clientCert: string;
  /** Without it there is no TLS. */
  readonly isDemanded?: boolean;
}

/** A running one. */
export interface CertificateServer {
  readonly url: string;
  /** Every AUTH that was accepted: whom the certificate stands for, and whom the client wants to act as. */
  readonly logins: { readonly subject: string; readonly identity: string }[];
  /** Messages that were accepted. */
  readonly messages: number;
}

const ANSWERS: Readonly<Record<string, string>> = {
  EHLO: '250-mx.test\r\n250 AUTH EXTERNAL PLAIN',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go ahead',
  QUIT: '221 2.0.0 bye',
};

/** Starts one, which ends with the test. It takes mail from nobody that has not authenticated. */
export async function startCertificateServer(options: CertificateServerOptions): Promise<CertificateServer> {
  const { key, cert, clientCert, isDemanded = false } = options;
  const logins: CertificateServer['logins'] = [];
  let messages = 0;
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    { key, cert, ca: clientCert, requestCert: true, rejectUnauthorized: isDemanded },
    (socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
      let isData = false;
      let isKnown = false;
      let unread = '';
      const answer = (line: string): string => {
        if (isData) {
          if (line !== '.') return '';
          isData = false;
          messages++;
          return '250 2.0.0 queued';
        }
        const [verb = '', mechanism, initial] = line.split(' ');
        if (verb === 'AUTH' && mechanism === 'EXTERNAL' && socket.authorized) {
          isKnown = true;
          const identity = initial === '=' ? '' : Buffer.from(initial ?? '', 'base64').toString();
          logins.push({ subject: String(socket.getPeerCertificate().subject.CN), identity });
          return '235 2.7.0 welcome';
        }
        if (verb === 'AUTH') return '535 5.7.8 no certificate';
        if (verb === 'MAIL' && !isKnown) return '530 5.7.0 authenticate first';
        isData = verb === 'DATA';
        return ANSWERS[verb] ?? '500 5.5.1 what?';
      };
      socket.write('220 mx.test\r\n');
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        unread += chunk;
        const lines = unread.split('\r\n');
        unread = lines.pop() ?? '';
        for (const reply of lines.map(answer)) if (reply !== '') socket.write(`${reply}\r\n`);
        if (lines.includes('QUIT')) socket.end();
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `smtps://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logins,
    get messages() {
      return messages;
    },
  };
}
