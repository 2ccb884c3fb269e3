/** The beginning of a check's first session: greeting, extensions, TLS. What comes then is a conversation. */
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { CheckCertificate, CheckTls } from '../src/messages/check-record.js';
import { Conversation } from './check-conversation.js';
import { isKeyword, plain, type CheckDraft } from './check-draft.js';
import { isLoss, type ProbeReply, type ProbeSession } from './probe-session.js';
import { isPositive, lossAdvice, lossSentence, quote, type Prober } from './prober.js';

/** Holds the session, and writes what it shows into the draft. */
export class Survey {
  readonly #prober: Prober;
  readonly #draft: CheckDraft;

  constructor(prober: Prober, draft: CheckDraft) {
    this.#prober = prober;
    this.#draft = draft;
  }

  async run(): Promise<void> {
    const session = this.#prober.newSession();
    const isReady = (await this.#arrive(session)) && (await this.#greet(session));
    if (!isReady) {
      session.drop();
      return;
    }
    if (this.#draft.keywords.some((line) => isKeyword(line, 'STARTTLS')) && !(await this.#startTls(session))) {
      session.drop();
      // Without TLS there is still a server to look at.
      const other = await this.#prober.openReady();
      if ('problem' in other) this.#note(other.problem);
      else await new Conversation(this.#prober, this.#draft, other).run();
      return;
    }
    await new Conversation(this.#prober, this.#draft, session).run();
  }

  /** From connect() to the greeting. */
  async #arrive(session: ProbeSession): Promise<boolean> {
    const draft = this.#draft;
    const { connect, tls, greeting: greetingMs } = this.#prober.timeoutsMs;
    const connectUs = await session.connect(connect);
    if (isLoss(connectUs))
      return this.#give(lossSentence(connectUs, 'the connection'), lossAdvice(connectUs.reason, false));
    draft.isConnected = true;
    draft.times.connectUs = connectUs;
    if (this.#prober.isImplicitTls) {
      const { context, serverName } = this.#prober;
      const secured = await session.secure({ context, serverName }, tls);
      if (isLoss(secured))
        return this.#give(lossSentence(secured, 'the TLS handshake'), lossAdvice(secured.reason, true));
      draft.times.tlsUs = secured.latencyUs;
      draft.tls = describeTls(secured.socket, this.#prober.checkedName);
    }
    const greeting = await session.greeting(greetingMs);
    if (isLoss(greeting)) return this.#give(lossSentence(greeting, 'the greeting'), lossAdvice(greeting.reason, false));
    draft.greeting = plain(greeting);
    draft.times.greetingUs = greeting.latencyUs;
    if (isPositive(greeting)) return true;
    return greeting.code < 500
      ? this.#give(`greeted with '${quote(greeting)}'`, 'try again when the server is less busy')
      : this.#give(`refuses sessions: it greeted with '${quote(greeting)}'`, 'see whether this machine may talk to it');
  }

  /** EHLO, or HELO when that is refused (RFC 5321 §3.2); in LMTP LHLO. */
  async #greet(session: ProbeSession): Promise<boolean> {
    const draft = this.#draft;
    const prober = this.#prober;
    const first = await this.#hello(session);
    if (first === null) return false;
    if (isPositive(first)) {
      draft.hello = { verb: prober.helloVerb, reply: plain(first), ehloRefusal: null };
      draft.keywords = first.lines.slice(1);
      return true;
    }
    const refusal = `answered ${prober.helloVerb} with '${quote(first)}'`;
    if (prober.helloVerb !== 'EHLO' || first.code < 500) return this.#give(refusal, 'see whether it is an SMTP server');
    prober.helloVerb = 'HELO';
    const second = await this.#hello(session);
    if (second === null) return false;
    if (!isPositive(second)) {
      return this.#give(`${refusal} and HELO with '${quote(second)}'`, 'see whether it is an SMTP server');
    }
    draft.hello = { verb: 'HELO', reply: plain(second), ehloRefusal: plain(first) };
    return true;
  }

  async #hello(session: ProbeSession): Promise<ProbeReply | null> {
    const reply = await session.say(this.#prober.hello(), this.#prober.timeoutsMs.ehlo);
    if (isLoss(reply)) {
      this.#give(lossSentence(reply, this.#prober.helloVerb), lossAdvice(reply.reason, false));
      return null;
    }
    this.#draft.times.helloUs = reply.latencyUs;
    return reply;
  }

  /** @returns whether the session goes on */
  async #startTls(session: ProbeSession): Promise<boolean> {
    const draft = this.#draft;
    const { context, serverName, timeoutsMs } = this.#prober;
    const answer = await session.say('STARTTLS', timeoutsMs.starttls);
    if (isLoss(answer)) return this.#withoutTls(lossSentence(answer, 'STARTTLS'));
    draft.times.starttlsUs = answer.latencyUs;
    if (answer.code !== 220) {
      draft.tlsProblem = `answered STARTTLS with '${quote(answer)}'`;
      return true;
    }
    this.#prober.beginsTls = true;
    const secured = await session.secure({ context, serverName }, timeoutsMs.tls);
    if (isLoss(secured)) return this.#withoutTls(lossSentence(secured, 'the TLS handshake'));
    draft.times.tlsUs = secured.latencyUs;
    draft.tls = describeTls(secured.socket, this.#prober.checkedName);
    const again = await session.say(this.#prober.hello(), timeoutsMs.ehlo);
    if (isLoss(again)) return this.#withoutTls(lossSentence(again, `${this.#prober.helloVerb} inside TLS`));
    if (!isPositive(again)) {
      return this.#withoutTls(`answered ${this.#prober.helloVerb} inside TLS with '${quote(again)}'`);
    }
    draft.keywordsAfterTls = again.lines.slice(1);
    this.#prober.usesStartTls = true;
    return true;
  }

  #withoutTls(problem: string): false {
    this.#draft.tlsProblem = problem;
    return false;
  }

  #note(sentence: string): void {
    this.#draft.notes = [...this.#draft.notes, sentence];
  }

  #give(problem: string, advice: string): false {
    this.#draft.problem = problem;
    this.#draft.advice = advice;
    return false;
  }
}

function describeTls(socket: TLSSocket, checkedName: string): CheckTls {
  const key = socket.getEphemeralKeyInfo();
  const group = key !== null && 'name' in key ? key.name : key !== null && 'type' in key ? key.type : null;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    group: typeof group === 'string' ? group : null,
    certificate: describeCertificate(socket, checkedName),
  };
}

/** Null: the server has none, or one that cannot be read. */
function describeCertificate(socket: TLSSocket, checkedName: string): CheckCertificate | null {
  // Not getPeerX509Certificate(): in Node 20 nothing else can be asked for after it.
  const peer: Partial<PeerCertificate> = socket.getPeerCertificate();
  if (peer.raw === undefined) return null;
  try {
    const certificate = new X509Certificate(peer.raw);
    return {
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      names: certificate.subjectAltName ?? '',
      key: keyOf(certificate),
      validFrom: isoTime(certificate.validFrom),
      validUntil: isoTime(certificate.validTo),
      // Typed as an Error, it is the code of OpenSSL.
      chainError: socket.authorized ? null : String(socket.authorizationError),
      checkedName,
      isNameRight: checkedName === '' || checkServerIdentity(checkedName, peer as PeerCertificate) === undefined,
    };
  } catch {
    // A key of an unknown kind, or names in a form that is none: what the server sends need not make sense.
    return null;
  }
}

function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve;
  return [asymmetricKeyType.toUpperCase(), ...(size === undefined ? [] : [String(size)])].join(' ');
}

/** Node writes each part of a name on a line of its own. */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}

function isoTime(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}
