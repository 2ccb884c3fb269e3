/** Whether and how sessions speak TLS, and what they show and trust. */
import type { ClientCertificate, TlsMode, TlsPlan } from './load-plan.js';
import type { OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { isHostName } from './target.js';
import type { ParsedTarget } from './target.js';
import { readTlsSettings } from './tls-settings.js';

/** Reads TLS for one target: its scheme may decide how TLS begins. */
export function readTls(reader: OptionReader, target: ParsedTarget): TlsPlan {
  const asked = reader.choice('tls', null, ['off', 'opportunistic', 'required']);
  if (target.implicitTls && asked === 'off') {
    reader.refuse('tls', 'contradicts smtps://, which is TLS from the start: leave one of the two out', asked);
  } else if (target.implicitTls && asked !== null) {
    reader.refuse('tls', 'is for STARTTLS, and smtps:// is TLS from the start already: leave --tls out', asked);
  }
  const mode: TlsMode = target.implicitTls ? 'implicit' : (asked ?? DEFAULTS.tls);
  const caPem = reader.text('tlsCa', null);
  if (caPem !== null && !caPem.includes('-----BEGIN CERTIFICATE-----')) {
    reader.refuse('tlsCa', 'takes a PEM file, and this one holds no certificate');
  }
  const serverName = reader.text('tlsServername', null);
  if (serverName !== null && !isHostName(serverName)) reader.refuse('tlsServername', 'takes a host name', serverName);
  const isInsecure = reader.flag('tlsInsecure');
  if (isInsecure && caPem !== null) {
    reader.refuse('tlsInsecure', 'contradicts --tls-ca: without verification there is nothing to trust');
  }
  const clientCertificate = readClientCertificate(reader);
  if (mode === 'off') {
    const needs = 'needs TLS: give --tls required, --tls opportunistic or smtps://';
    if (caPem !== null) reader.refuse('tlsCa', needs);
    if (serverName !== null) reader.refuse('tlsServername', needs);
    if (isInsecure) reader.refuse('tlsInsecure', needs);
    if (clientCertificate !== null) reader.refuse('tlsCert', needs);
  }
  return { mode, verify: !isInsecure, serverName, caPem, clientCertificate, ...readTlsSettings(reader, mode) };
}

/** What the client shows when the server asks who it is. */
function readClientCertificate(reader: OptionReader): ClientCertificate | null {
  const certPem = reader.text('tlsCert', null);
  const keyPem = reader.text('tlsKey', null);
  if (certPem !== null && !certPem.includes('-----BEGIN CERTIFICATE-----')) {
    reader.refuse('tlsCert', 'takes a PEM file, and this one holds no certificate');
  }
  if (keyPem !== null && !/-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/.test(keyPem)) {
    reader.refuse('tlsKey', 'takes a PEM file, and this one holds no private key');
  }
  if (certPem !== null && keyPem === null) reader.refuse('tlsCert', 'needs --tls-key');
  if (keyPem !== null && certPem === null) reader.refuse('tlsKey', 'needs --tls-cert');
  return certPem === null || keyPem === null ? null : { certPem, keyPem };
}
