/** The first session of a check: what the server offers, how long it takes, and what it says to harmless commands. */
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import type {
  CheckCertificate,
  CheckPipelining,
  CheckRecord,
  CheckReply,
  CheckTimes,
  CheckTls,
} from '../src/messages/check-record.js';
import { isLoss, type ProbeReply, type ProbeSession } from './probe-session.js';
import { isPositive, lossAdvice, lossSentence, quote, type Prober } from './prober.js';

type Mutable<Record> = { -readonly [Key in keyof Record]: Record[Key] };

/** A record that is still being written. */
export type CheckDraft = Mutable<Omit<CheckRecord, 'traffic' | 'codedReplies' | 'uncoded' | 'times'>> & {
  times: Mutable<CheckTimes>;
};

const NOOPS = 10;
/** Commands without an effect; what they say differs from server to server. */
const QUESTIONS = ['HELP', 'VRFY postmaster', 'EXPN postmaster'];

/** An empty record. */
export function newDraft(): CheckDraft {
  return {
    isComplete: false,
    isConnected: false,
    problem: '',
    advice: '',
    greeting: null,
    hello: null,
    keywords: [],
    keywordsAfterTls: null,
    tls: null,
    tlsProblem: '',
    tlsVersions: [],
    times: {
      connectUs: null,
      tlsUs: null,
      greetingUs: null,
      helloUs: null,
      starttlsUs: null,
      mailUs: null,
      rsetUs: null,
      quitUs: null,
      noopUs: [],
    },
    pipelining: null,
    commands: [],
    limits: null,
    notes: [],
  };
}

/** Whether the server offers an extension where commands go: inside TLS if there is TLS. */
function offers({ keywords, keywordsAfterTls }: CheckDraft, keyword: string): boolean {
  return (keywordsAfterTls ?? keywords).some((line) => isKeyword(line, keyword));
}

/** Largest message that the server declares; null: it names none, or one beyond all measure. */
export function declaredSize({ keywords, keywordsAfterTls }: CheckDraft): number | null {
  const line = (keywordsAfterTls ?? keywords).find((one) => isKeyword(one, 'SIZE'));
  const octets = Number(/^\s*SIZE +(\d+)/i.exec(line ?? '')?.[1] ?? '0');
  return octets > 0 && octets < Number.MAX_SAFE_INTEGER ? octets : null;
}

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
      else await this.#converse(other);
      return;
    }
    await this.#converse(session);
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

  /** Commands without effect, each timed; QUIT is the last. */
  async #converse(session: ProbeSession): Promise<void> {
    const { times } = this.#draft;
    const { mail, rset, quit } = this.#prober.timeoutsMs;
    const noops: number[] = [];
    for (let count = 0; count < NOOPS; count++) {
      const reply = await this.#ask(session, 'NOOP', rset, count === 0);
      if (reply === null) return;
      noops.push(reply.latencyUs);
      times.noopUs = [...noops];
    }
    const mailReply = await this.#ask(session, this.#prober.mail(), mail);
    if (mailReply === null) return;
    times.mailUs = mailReply.latencyUs;
    const rsetReply = await this.#ask(session, 'RSET', rset);
    if (rsetReply === null) return;
    times.rsetUs = rsetReply.latencyUs;
    for (const question of QUESTIONS) {
      if ((await this.#ask(session, question, rset)) === null) return;
    }
    if (offers(this.#draft, 'PIPELINING') && !(await this.#group(session))) {
      session.drop();
      return;
    }
    const farewell = await session.quit(quit);
    if (isLoss(farewell)) {
      this.#note(lossSentence(farewell, 'QUIT'));
      return;
    }
    times.quitUs = farewell.latencyUs;
    this.#keep('QUIT', farewell);
  }

  /** @returns null when the session is lost, which is noted */
  async #ask(session: ProbeSession, line: string, timeoutMs: number, keeps = true): Promise<ProbeReply | null> {
    const answer = await session.say(line, timeoutMs);
    const verb = line.split(' ')[0] ?? line;
    if (isLoss(answer)) {
      this.#note(lossSentence(answer, verb));
      return null;
    }
    if (keeps) this.#keep(verb, answer);
    return answer;
  }

  /**
   * RSET, RCPT and NOOP in one write: RCPT without MAIL is refused and has no effect, so that the order of the replies
   * shows; NOOP must be the last of a group (RFC 2920 §3.1).
   */
  async #group(session: ProbeSession): Promise<boolean> {
    const sent = ['RSET', `RCPT TO:<${this.#prober.address('to', 1)}>`, 'NOOP'];
    const answers = await session.sayAll(sent, this.#prober.timeoutsMs.rset);
    const replies = answers.filter((answer): answer is ProbeReply => !isLoss(answer)).map(plain);
    const isRight =
      replies.length === sent.length && replies.every((reply, index) => isPositive(reply) === (index !== 1));
    this.#draft.pipelining = { sent, replies, isRight } satisfies CheckPipelining;
    const last = answers.at(-1);
    if (last !== undefined && isLoss(last)) this.#note(lossSentence(last, 'a group of commands in one write'));
    return replies.length === sent.length;
  }

  #keep(command: string, reply: ProbeReply): void {
    this.#draft.commands = [...this.#draft.commands, { command, reply: plain(reply) }];
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

/** A reply without its lines. */
export function plain({ code, enhanced, text, latencyUs }: CheckReply): CheckReply {
  return { code, enhanced, text, latencyUs };
}

function isKeyword(line: string, keyword: string): boolean {
  return line.trim().split(/[ =]/)[0]?.toUpperCase() === keyword;
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
