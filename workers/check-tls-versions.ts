/** Which versions of TLS a server takes: one polite session for each that is not known already. */
import type { SecureContext, SecureVersion } from 'node:tls';
import type { TlsVersionFinding } from '../src/messages/check-record.js';
import type { CheckDraft } from './check-draft.js';
import { isLoss } from './probe-session.js';
import { lossSentence, quote, type Prober } from './prober.js';

/** Newest first. Node knows no older ones. */
const VERSIONS: readonly SecureVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'];
/** OpenSSL 3 does the old versions on its lowest level of security only. */
const OLD_CIPHERS = 'DEFAULT:@SECLEVEL=0';
const STOPPED = 'stopped';
/** What OpenSSL says when it is built or configured without a version, or without its ciphers. */
const UNAVAILABLE = /NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|no protocols available|no ciphers available/i;

/** Tries every version, and writes each finding into the draft as it comes. */
export async function findTlsVersions(prober: Prober, draft: CheckDraft): Promise<void> {
  for (const version of VERSIONS) {
    if (prober.isStopped()) return;
    const isKnown = draft.tls?.protocol === version;
    const finding: TlsVersionFinding = isKnown
      ? { version, outcome: 'accepted', text: '' }
      : await tryVersion(prober, version);
    // What a stopped session says of a version means nothing.
    if (finding.text === STOPPED) return;
    draft.tlsVersions = [...draft.tlsVersions, finding];
  }
}

async function tryVersion(prober: Prober, version: SecureVersion): Promise<TlsVersionFinding> {
  const context = contextFor(prober, version);
  if (context === null) return { version, outcome: 'unavailable', text: 'OpenSSL refuses to offer it' };
  const session = prober.newSession();
  const { connect, greeting, ehlo, starttls, tls, quit } = prober.timeoutsMs;
  const unknown = (text: string): TlsVersionFinding => {
    session.drop();
    return { version, outcome: 'unknown', text: prober.isStopped() ? STOPPED : text };
  };
  const connected = await session.connect(connect);
  if (isLoss(connected)) return unknown(lossSentence(connected, 'the connection'));
  if (!prober.isImplicitTls) {
    const steps = [
      () => session.greeting(greeting),
      () => session.say(prober.hello(), ehlo),
      () => session.say('STARTTLS', starttls),
    ];
    for (const step of steps) {
      const answer = await step();
      if (isLoss(answer)) return unknown(lossSentence(answer, 'a session for this version'));
      if (answer.code !== 220 && answer.code !== 250) return unknown(`said '${quote(answer)}'`);
    }
  }
  const secured = await session.secure({ context, serverName: prober.serverName }, tls);
  if (!isLoss(secured)) {
    if (prober.isImplicitTls) await session.greeting(greeting);
    await session.quit(quit);
    return { version, outcome: 'accepted', text: '' };
  }
  session.drop();
  if (secured.reason === 'stopped') return { version, outcome: 'unknown', text: STOPPED };
  const text = secured.text === '' ? lossSentence(secured, 'the handshake') : secured.text;
  if (UNAVAILABLE.test(text)) return { version, outcome: 'unavailable', text };
  return { version, outcome: secured.reason === 'timeout' ? 'unknown' : 'refused', text };
}

/** Null: this OpenSSL cannot. */
function contextFor(prober: Prober, version: SecureVersion): SecureContext | null {
  const isOld = version === 'TLSv1' || version === 'TLSv1.1';
  try {
    const range = { minVersion: version, maxVersion: version };
    return prober.contextWith(isOld ? { ...range, ciphers: OLD_CIPHERS } : range);
  } catch {
    // What it says differs between versions; that it cannot is all that matters.
    return null;
  }
}
