/**
 * One connection in the hands of a check: a command goes out, a promise brings its reply or what came instead. Never
 * throws on what a server does, and every wait has a deadline. Not for load: it allocates as it likes.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { monotonicUs } from '../src/clock.js';
import type { CheckReply, LossReason } from '../src/messages/check-record.js';
import { assertSingleLine } from '../src/protocol/commands.js';
import { formatEnhanced } from '../src/protocol/enhanced-status.js';
import { ReplyParser, type MalformedKind, type ReplySink } from '../src/protocol/reply-parser.js';

/** Where a server listens. */
export type ProbePlace =
  { readonly host: string; readonly port: number; readonly family: 4 | 6 } | { readonly path: string };

/** An answer that is missing, and everything after it: the connection is given up. */
export interface ProbeLoss {
  readonly reason: LossReason;
  /** What Node, OpenSSL or the server said; may be empty. */
  readonly text: string;
  /** The deadline that was missed, ms; 0: none was. */
  readonly afterMs: number;
  /** A 421 that answered no command (RFC 5321 §3.8); null: it came without a word. */
  readonly farewell: CheckReply | null;
}

/** A reply with the lines that it had. */
export interface ProbeReply extends CheckReply {
  /** Without code and separator; at most {@link MAX_LINES}, each clipped. */
  readonly lines: readonly string[];
}

/** How TLS is to begin. */
export interface ProbeTls {
  readonly context: SecureContext;
  /** Name for SNI; empty: none. */
  readonly serverName: string;
}

/** Who counts what goes over a check's connections. */
export interface ProbeObserver {
  onConnected(): void;
  onCommand(): void;
  onReply(verb: string, reply: CheckReply): void;
  onLost(session: ProbeSession): void;
}

interface Awaited {
  readonly verb: string;
  readonly sentUs: number;
  readonly settle: (reply: ProbeReply) => void;
}

/** Lines of a reply that are kept. EHLO replies have a few dozen. */
const MAX_LINES = 128;
const MAX_LINE_CHARACTERS = 512;
const MAX_TEXT_CHARACTERS = 160;
/** Replies to nothing after which a server is not worth listening to. */
const MAX_UNASKED = 8;
/** How long the server may take to close after its 221. */
const CLOSE_MS = 1_000;
const CONTENT_CHUNK_OCTETS = 64 * 1024;
const FULL_LINE = `${'x'.repeat(76)}\r\n`;

/** Whether an answer is missing. */
export function isLoss(answer: object | number): answer is ProbeLoss {
  return typeof answer === 'object' && 'reason' in answer;
}

/** A connection. Its methods are called one after the other. */
export class ProbeSession implements ReplySink {
  readonly #place: ProbePlace;
  readonly #observer: ProbeObserver;
  readonly #parser = new ReplyParser(this);
  readonly #awaited: Awaited[] = [];
  /** Whoever waits for something, to be told when it will not come. */
  readonly #losers = new Set<(loss: ProbeLoss) => void>();
  #stream: Socket | null = null;
  #isSecure = false;
  /** A 421 was the last reply. */
  #isDismissed = false;
  #isLeaving = false;
  #lines: string[] = [];
  #unasked = 0;
  #loss: ProbeLoss | null = null;

  constructor(place: ProbePlace, observer: ProbeObserver) {
    this.#place = place;
    this.#observer = observer;
    this.#parser.wantsLines = true;
  }

  /** How many replies came that nothing had asked for. */
  get unasked(): number {
    return this.#unasked;
  }

  /** Connects. @returns how long it took, µs */
  connect(timeoutMs: number): Promise<number | ProbeLoss> {
    return this.#wait<number>(timeoutMs, (settle) => {
      const beganUs = monotonicUs();
      const stream = connect({ ...this.#place, autoSelectFamily: false, noDelay: true });
      stream.once('connect', () => {
        this.#observer.onConnected();
        settle(monotonicUs() - beganUs);
      });
      this.#listen(stream);
    });
  }

  /** The reply that opens a session. */
  greeting(timeoutMs: number): Promise<ProbeReply | ProbeLoss> {
    return this.#wait<ProbeReply>(timeoutMs, (settle) => {
      this.#awaited.push({ verb: 'greeting', sentUs: monotonicUs(), settle });
    });
  }

  /** One command, and its reply. */
  async say(line: string, timeoutMs: number): Promise<ProbeReply | ProbeLoss> {
    return (await this.sayAll([line], timeoutMs))[0] as ProbeReply | ProbeLoss;
  }

  /** Several commands in one write (RFC 2920), and their replies; the first one that is missing is the last. */
  async sayAll(lines: readonly string[], timeoutMs: number): Promise<(ProbeReply | ProbeLoss)[]> {
    for (const line of lines) assertSingleLine(line);
    const sentUs = monotonicUs();
    const answers = lines.map((line) =>
      this.#wait<ProbeReply>(timeoutMs, (settle) => {
        this.#observer.onCommand();
        this.#awaited.push({ verb: /^[^ ]*/.exec(line)?.[0] ?? '', sentUs, settle });
      }),
    );
    if (this.#loss === null) this.#stream?.write(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
    const all = await Promise.all(answers);
    const firstLoss = all.findIndex((answer) => isLoss(answer));
    return firstLoss < 0 ? all : all.slice(0, firstLoss + 1);
  }

  /**
   * Mail data behind a 354: a header, and lines to fill it up.
   *
   * @param octets - size of the content as SIZE counts it; what is longer than the header has that very size
   */
  async sendContent(header: string, octets: number, timeoutMs: number): Promise<ProbeReply | ProbeLoss> {
    const answer = this.#wait<ProbeReply>(timeoutMs, (settle) => {
      this.#awaited.push({ verb: 'DATA', sentUs: monotonicUs(), settle });
    });
    for (const chunk of contentChunks(header, octets)) {
      // An answer before the end, or none at all: nobody reads the rest.
      if (this.#loss !== null || this.#awaited.length === 0) break;
      if (this.#stream?.write(chunk, 'latin1') === false) await this.#drained();
    }
    if (this.#loss === null) this.#stream?.write('.\r\n', 'latin1');
    return answer;
  }

  /** Begins TLS, whatever the certificate is. */
  async secure({ context, serverName }: ProbeTls, timeoutMs: number): Promise<TlsOutcome | ProbeLoss> {
    const socket = this.#stream;
    // What was learnt in clear is forgotten (RFC 3207 §4.2), and nobody reads the socket beside TLS.
    socket?.removeAllListeners('data');
    this.#parser.reset();
    return this.#wait<TlsOutcome>(timeoutMs, (settle) => {
      const beganUs = monotonicUs();
      const secure = connectTls({
        ...(socket === null ? {} : { socket }),
        secureContext: context,
        servername: serverName,
        // A check tells what is wrong with a certificate, and sends nothing that would need a right one.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      });
      this.#isSecure = true;
      secure.once('secureConnect', () => settle({ socket: secure, latencyUs: monotonicUs() - beganUs }));
      this.#listen(secure);
    });
  }

  /** Waits for a while, or until the connection is lost. */
  async rest(ms: number): Promise<ProbeLoss | null> {
    if (this.#loss !== null) return this.#loss;
    return new Promise((resolve) => {
      const lose = (loss: ProbeLoss): void => {
        clearTimeout(timer);
        resolve(loss);
      };
      const timer = setTimeout(() => {
        this.#losers.delete(lose);
        resolve(null);
      }, ms);
      this.#losers.add(lose);
    });
  }

  /** QUIT, and the end of the connection. Nothing comes after it. */
  async quit(timeoutMs: number): Promise<ProbeReply | ProbeLoss> {
    // Who says 421 hangs up by itself (RFC 5321 §3.8).
    const answer = this.#isDismissed ? null : await this.say('QUIT', timeoutMs);
    this.#isLeaving = true;
    if (answer === null || !isLoss(answer)) await this.rest(CLOSE_MS);
    const loss = this.#lose('closed', '');
    return answer ?? loss;
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.#lose('closed', '');
  }

  /** Ends the connection in the middle of whatever is going on, with as much of a QUIT as that allows. */
  leave(): void {
    if (this.#loss === null && !this.#isLeaving && this.#stream?.writable === true) {
      const stream = this.#stream;
      stream.end('QUIT\r\n');
      this.#observer.onCommand();
      setTimeout(() => stream.destroy(), CLOSE_MS).unref();
      stream.resume();
      this.#stream = null;
    }
    this.#lose('stopped', '');
  }

  onReplyLine(_parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void {
    if (this.#lines.length >= MAX_LINES) return;
    const stop = Math.min(end, start + MAX_LINE_CHARACTERS);
    this.#lines.push(Buffer.from(buffer.subarray(start, stop)).toString('latin1'));
  }

  onReply(parser: ReplyParser): void {
    const lines = this.#lines;
    this.#lines = [];
    const awaited = this.#awaited.shift();
    this.#isDismissed = parser.code === 421;
    const reply: ProbeReply = {
      code: parser.code,
      enhanced: formatEnhanced(parser.enhanced),
      text: lines.join(' ').slice(0, MAX_TEXT_CHARACTERS),
      latencyUs: awaited === undefined ? 0 : monotonicUs() - awaited.sentUs,
      lines,
    };
    if (awaited !== undefined) {
      this.#observer.onReply(awaited.verb, reply);
      const isInjected = awaited.verb === 'STARTTLS' && reply.code === 220 && parser.bytesAfter > 0;
      if (isInjected) this.#lose('injected', '');
      else awaited.settle(reply);
    } else if (reply.code === 421) {
      this.#lose('closed', '', { farewell: reply });
    } else if (++this.#unasked >= MAX_UNASKED) {
      this.#lose('unasked', reply.text);
    }
  }

  onMalformed(_parser: ReplyParser, kind: MalformedKind, sample: string): void {
    this.#lose(kind === 'limit' ? 'endless' : kind, sample);
  }

  #listen(stream: Socket): void {
    this.#stream = stream;
    // Under TLS the plain socket goes on telling what happens to it; what counts is what TLS makes of that.
    const whileCurrent = (then: () => void) => (): void => {
      if (this.#stream === stream) then();
    };
    stream.on('data', (chunk: Buffer) => {
      this.#parser.execute(chunk, chunk.length);
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#stream === stream) this.#lose(reasonOf(error, this.#isSecure), wordsOf(error));
    });
    stream.on(
      'end',
      whileCurrent(() => this.#lose('closed', '')),
    );
    stream.on(
      'close',
      whileCurrent(() => this.#lose('closed', '')),
    );
  }

  /** Waits for what `begin` sets going, for the deadline or for the end of the connection. */
  #wait<Value extends object | number>(
    timeoutMs: number,
    begin: (settle: (value: Value) => void) => void,
  ): Promise<Value | ProbeLoss> {
    if (this.#loss !== null) return Promise.resolve(this.#loss);
    return new Promise((resolve) => {
      const settle = (value: Value | ProbeLoss): void => {
        clearTimeout(timer);
        this.#losers.delete(settle);
        resolve(value);
      };
      const timer = setTimeout(() => this.#lose('timeout', '', { afterMs: timeoutMs }), timeoutMs);
      this.#losers.add(settle);
      begin(settle);
    });
  }

  #drained(): Promise<unknown> {
    return new Promise((resolve) => {
      this.#stream?.once('drain', resolve);
      this.#losers.add(resolve);
    });
  }

  #lose(reason: LossReason, text: string, { afterMs = 0, farewell = null as CheckReply | null } = {}): ProbeLoss {
    if (this.#loss !== null) return this.#loss;
    this.#loss = { reason, text, afterMs, farewell };
    this.#observer.onLost(this);
    this.#parser.halt();
    this.#stream?.destroy();
    for (const tell of [...this.#losers]) tell(this.#loss);
    this.#losers.clear();
    return this.#loss;
  }
}

/** A TLS session that has begun. */
export interface TlsOutcome {
  readonly socket: TLSSocket;
  readonly latencyUs: number;
}

function* contentChunks(header: string, octets: number): Generator<string> {
  yield header;
  let left = octets - header.length;
  const chunk = FULL_LINE.repeat(Math.floor(CONTENT_CHUNK_OCTETS / FULL_LINE.length));
  for (; left > chunk.length + FULL_LINE.length; left -= chunk.length) yield chunk;
  // What is left is cut into lines so that the last one still has its CRLF.
  for (; left > FULL_LINE.length + 2; left -= FULL_LINE.length) yield FULL_LINE;
  if (left >= 2) yield `${'x'.repeat(left - 2)}\r\n`;
}

/** OpenSSL's reason without the file and line where it stands in its source. */
function wordsOf(error: Error & { reason?: unknown }): string {
  return (typeof error.reason === 'string' ? error.reason : error.message).trim();
}

/** What an error of Node or OpenSSL means here. */
function reasonOf(error: NodeJS.ErrnoException, isSecure: boolean): LossReason {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EMFILE':
    case 'ENFILE':
    case 'EADDRNOTAVAIL':
    case 'ENOBUFS':
      return 'localLimit';
    default:
      // What has no errno of the network comes from OpenSSL.
      return isSecure ? 'tls' : 'unreachable';
  }
}
