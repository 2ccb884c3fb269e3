/**
 * The socket of one session: groups replies into writes, delays and drips them, turns to TLS, ends. Knows no SMTP.
 *
 * Replies made while one chunk is read leave in one write. As soon as one of them must wait, all later ones queue up
 * behind it, so that replies keep the order of their commands.
 */
import type { Socket } from 'node:net';
import { asksForAddress } from './policies.js';
import type { CountedReply, ReplyStep } from './reply-book.js';
import { SinkSession } from './sink-session.js';
import type { SinkTlsContext } from './sink-tls.js';
import type { SinkCore, SinkWire } from './sink-wire.js';

/** What follows the octets written so far. */
const Ending = { none: 0, close: 1, leave: 2, reset: 3, tls: 4 } as const;
type Ending = (typeof Ending)[keyof typeof Ending];

/** Why nothing is read; bits. */
const Pause = { fault: 1, unsentReplies: 2, queue: 4, answer: 8 } as const;

/** Something that waits for its time, or for what is before it. */
interface Outgoing {
  readonly reply: CountedReply | null;
  /** When it was made, on the same clock as `dueMs`. */
  readonly readyMs: number;
  /** Waits on purpose: for its own time, or for that of one before it. */
  readonly isHeldBack: boolean;
  /** On `performance.now()`'s clock; 0: at once; {@link UNKNOWN}: `delayMs` after its turn has come. */
  dueMs: number;
  readonly delayMs: number;
  readonly dripMs: number;
  readonly ending: Ending;
}

/** An {@link Outgoing} whose turn has not come. */
const UNKNOWN = -1;

/** Reading stops while more than this waits in the queue. */
const QUEUE_MAX = 1000;
/** Between a reply and RST: a client that finds both at once never sees the reply, or takes the RST for a FIN. */
const RESET_GAP_MS = 20;
/** How long a client may take to close its side after ours, ms. */
const LINGER_MS = 5000;

/** One accepted connection. It takes part in its sink's counters until the socket is closed. */
export class SinkConnection implements SinkWire {
  /** Belongs to {@link OpenConnections}. */
  place = -1;
  readonly #core: SinkCore;
  readonly #tls: SinkTlsContext | null;
  readonly #session: SinkSession;
  /** The TCP socket; under TLS it carries `#socket`. */
  readonly #tcp: Socket;
  #socket: Socket;
  readonly #replyDelayMs: number;
  /** Octets to write when the chunk at hand is read. */
  #batch = '';
  #batchEnding: Ending = Ending.none;
  readonly #queue: Outgoing[] = [];
  #timer: NodeJS.Timeout | null = null;
  #resumeTimer: NodeJS.Timeout | null = null;
  #isNextSlow = false;
  #nextDelayMs = 0;
  #nextDripMs = 0;
  #pauses = 0;
  #hasFailed = false;
  /** The client has said all it wanted, or is gone: the system may show a reset as an end first. */
  #clientHasEnded = false;
  /** We have ended the connection, and were the first to. */
  #hasEnded = false;
  /** Negative replies so far, counted only for a tarpit. */
  #errors = 0;
  /** When the chunk at hand came: replies to one group are due together. */
  #nowMs = 0;

  /**
   * @param tls - for STARTTLS and implicit TLS; null: neither is on offer
   * @param onClosed - called once, when the socket is closed
   */
  constructor(core: SinkCore, socket: Socket, tls: SinkTlsContext | null, onClosed: () => void) {
    this.#core = core;
    this.#tcp = socket;
    this.#socket = socket;
    this.#tls = tls;
    this.#replyDelayMs = core.settings.replyDelayMs;
    // Node asks the system for the address: of 92 µs for a connection with one message that is 2 (npm run bench:sink).
    const address = asksForAddress(core.settings) ? (socket.remoteAddress ?? '') : '';
    this.#session = new SinkSession(core, this, address);
    core.counters.connectionOpened();
    socket.on('close', () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      if (this.#resumeTimer !== null) clearTimeout(this.#resumeTimer);
      core.counters.connectionClosed();
      this.#session.onClosed();
      onClosed();
    });
    this.#listen(socket);
  }

  /** Lets the session speak first. */
  open(): void {
    this.#readClock();
    this.#session.open();
    this.#flush();
  }

  /** Ends the connection at once; resolves when it is closed and counted as such. */
  destroy(): Promise<void> {
    this.#tcp.destroy();
    return new Promise((resolve) => this.#tcp.once('close', () => resolve()));
  }

  cut(): void {
    this.#tcp.destroy();
  }

  send(reply: CountedReply): void {
    const { tarpit } = this.#core.settings;
    if (tarpit !== null) this.#trap(reply, tarpit);
    if (this.#replyDelayMs === 0 && !this.#isNextSlow && this.#queue.length === 0) {
      reply.tally.count++;
      this.#batch += reply.octets;
      return;
    }
    this.#enqueue(reply, this.#nextDelayMs, this.#nextDripMs);
    this.slowNext(0, 0);
  }

  /** Slows a client down that has made too many errors. */
  #trap(reply: CountedReply, tarpit: { readonly afterErrors: number; readonly delayMs: number }): void {
    if (this.#errors >= tarpit.afterErrors) this.slowNext(this.#nextDelayMs + tarpit.delayMs, this.#nextDripMs);
    if (reply.code >= 400) this.#errors++;
  }

  sendSlowly(reply: CountedReply, delayMs: number, dripMs: number): void {
    this.#enqueue(reply, delayMs, dripMs);
  }

  slowNext(delayMs: number, dripMs: number): void {
    this.#nextDelayMs = delayMs;
    this.#nextDripMs = dripMs;
    this.#isNextSlow = delayMs > 0 || dripMs > 0;
  }

  close(delayMs: number, isOver = false): void {
    this.#end(isOver ? Ending.leave : Ending.close, delayMs);
  }

  reset(delayMs: number): void {
    const isBehindReply = this.#batch !== '' || this.#queue.length > 0;
    this.#end(Ending.reset, isBehindReply ? Math.max(delayMs, RESET_GAP_MS) : delayMs);
  }

  startTls(delayMs: number): void {
    this.#end(Ending.tls, delayMs);
  }

  stopReading(forMs: number, step: ReplyStep | 'transfer'): void {
    this.#pause(Pause.fault);
    if (forMs === 0) return;
    const startedMs = performance.now();
    this.#resumeTimer = setTimeout(() => {
      this.#core.counters.addedDelays.record(step, performance.now() - startedMs);
      this.#unpause(Pause.fault);
      this.#readClock();
      this.#session.resume();
      this.#flush();
    }, forMs);
  }

  hold(): void {
    this.#pause(Pause.answer);
  }

  release(): void {
    this.#readClock();
    this.#unpause(Pause.answer);
    this.#flush();
  }

  #listen(socket: Socket): void {
    socket.setTimeout(this.#core.settings.idleTimeoutMs);
    socket.on('timeout', this.#onIdle);
    socket.on('data', this.#onData);
    // A client that has said all it wanted may still wait for replies.
    socket.on('end', () => {
      if (socket.writableEnded) return;
      this.#clientHasEnded = true;
      this.close(0);
      this.#flush();
    });
    socket.on('error', () => this.#fail());
  }

  /** One failure may be told by TLS and by TCP, and is one. Behind our own end, as after QUIT, nothing is left to fail. */
  #fail(): void {
    if (this.#hasFailed || this.#hasEnded) return;
    this.#hasFailed = true;
    this.#core.counters.socketErrors++;
  }

  readonly #onIdle = (): void => {
    // A client that does not read what it was sent gets no more of it.
    if ((this.#pauses & Pause.unsentReplies) !== 0) this.cut();
    // While a reply waits for its time, it is not the client's turn.
    else if (this.#queue.length === 0) {
      this.#session.onIdle();
      this.#flush();
    }
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#readClock();
    this.#session.receive(chunk);
    this.#flush();
  };

  #readClock(): void {
    if (this.#replyDelayMs > 0) this.#nowMs = performance.now();
  }

  #end(ending: Ending, delayMs: number): void {
    if (delayMs === 0 && this.#queue.length === 0) this.#batchEnding = ending;
    else this.#queue.push({ reply: null, readyMs: 0, isHeldBack: false, dueMs: UNKNOWN, delayMs, dripMs: 0, ending });
  }

  #enqueue(reply: CountedReply, delayMs: number, dripMs: number): void {
    const totalMs = this.#replyDelayMs + delayMs;
    const nowMs = this.#replyDelayMs > 0 ? this.#nowMs : performance.now();
    this.#queue.push({
      reply,
      readyMs: nowMs,
      isHeldBack: totalMs > 0 || dripMs > 0 || this.#queue.length > 0,
      dueMs: totalMs === 0 ? 0 : nowMs + totalMs,
      delayMs,
      dripMs,
      ending: Ending.none,
    });
    if (this.#queue.length > QUEUE_MAX) this.#pause(Pause.queue);
  }

  /** Writes what is ready. The queue moves on by itself while its timer runs. */
  #flush(): void {
    if (this.#batch !== '' || this.#batchEnding !== Ending.none) this.#writeBatch();
    if (this.#queue.length > 0 && this.#timer === null) this.#advanceQueue();
  }

  #advanceQueue(): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || this.#batchEnding !== Ending.none) break;
      if (next.dueMs === UNKNOWN) this.#takeTurn(next);
      const waitMs = next.dueMs === 0 ? 0 : next.dueMs - performance.now();
      if (waitMs > 0) {
        // Node's timers may fire up to 1 ms early: then the rest is waited for once more.
        this.#wakeAfter(Math.ceil(waitMs), () => this.#advanceQueue());
        break;
      }
      if (next.reply !== null) next.reply.tally.count++;
      if (next.reply !== null && next.dripMs > 0) {
        this.#writeBatch();
        this.#drip(next, next.reply.octets, 0);
        return;
      }
      this.#queue.shift();
      this.#countDelay(next);
      this.#batch += next.reply?.octets ?? '';
      this.#batchEnding = next.ending;
    }
    this.#writeBatch();
    if (this.#queue.length <= QUEUE_MAX / 2) this.#unpause(Pause.queue);
  }

  /** An ending has come to the head of the queue: its delay begins now. */
  #takeTurn(ending: Outgoing): void {
    ending.dueMs = ending.delayMs === 0 ? 0 : performance.now() + ending.delayMs;
    // What comes from now on is for TLS, which finds it in the socket's buffer.
    if (ending.ending === Ending.tls && ending.delayMs > 0) this.#tcp.pause();
  }

  #countDelay({ reply, isHeldBack, readyMs, ending, delayMs, dueMs }: Outgoing): void {
    const { addedDelays } = this.#core.counters;
    if (reply !== null && isHeldBack) addedDelays.record(reply.tally.step, performance.now() - readyMs);
    // Its delay began when its turn had come.
    else if (ending === Ending.tls && delayMs > 0) addedDelays.record('tls', performance.now() - dueMs + delayMs);
  }

  /** Sends one octet and waits; the head of the queue stays there until its last octet is out. */
  #drip(outgoing: Outgoing, octets: string, at: number): void {
    this.#write(octets.charAt(at));
    if (at + 1 < octets.length) {
      this.#wakeAfter(outgoing.dripMs, () => this.#drip(outgoing, octets, at + 1));
    } else {
      this.#countDelay(outgoing);
      this.#queue.shift();
      this.#advanceQueue();
    }
  }

  #wakeAfter(ms: number, wake: () => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      wake();
    }, ms);
  }

  #writeBatch(): void {
    const octets = this.#batch;
    const ending = this.#batchEnding;
    this.#batch = '';
    this.#batchEnding = Ending.none;
    if (this.#tcp.destroyed) return;
    if (ending === Ending.reset) {
      this.#tcp.resetAndDestroy();
    } else if (ending === Ending.close || ending === Ending.leave) {
      this.#finish(octets, ending === Ending.leave);
    } else {
      if (octets !== '') this.#write(octets);
      if (ending === Ending.tls) this.#upgrade();
    }
  }

  /**
   * Writes the last octets and ends our side; the client gets some time to end its own.
   *
   * One that has said its last word needs none. What the system has taken it delivers, so closing at once loses nothing,
   * and spares us the client's end or reset: 8 of 92 µs of CPU for a connection with one message
   * (`npm run bench:sink -- --only single-lock-step`).
   */
  #finish(octets: string, isOver: boolean): void {
    this.#hasEnded = !this.#clientHasEnded;
    if (this.#socket.writable) this.#core.counters.bytesSent += octets.length;
    this.#socket.end(octets, 'latin1');
    // Under TLS a client has one more word to say, its close_notify.
    if (isOver && this.#socket === this.#tcp && this.#tcp.writableLength === 0) this.cut();
    else this.#tcp.setTimeout(LINGER_MS, () => this.cut());
  }

  #write(octets: string): void {
    if (!this.#socket.writable) return;
    this.#core.counters.bytesSent += octets.length;
    if (this.#socket.write(octets, 'latin1')) return;
    // The client sends but does not read: it gets no further until it does.
    this.#pause(Pause.unsentReplies);
    this.#socket.once('drain', () => this.#unpause(Pause.unsentReplies));
  }

  #upgrade(): void {
    const tls = this.#tls;
    if (tls === null) return;
    if (this.#tcp.readableEnded) {
      // TLS would wait for ever for a client that has ended while its handshake was delayed.
      this.cut();
      return;
    }
    this.#tcp.off('data', this.#onData);
    // Under TLS it no longer sees what comes.
    this.#tcp.setTimeout(0);
    this.#tcp.off('timeout', this.#onIdle);
    const socket = tls.wrap(this.#tcp);
    this.#socket = socket;
    socket.on('secure', () => {
      const certificateName = tls.nameOf(socket);
      if (!tls.admits(certificateName)) {
        this.#fail();
        this.cut();
        return;
      }
      this.#readClock();
      // Both are known behind a handshake.
      this.#session.onSecure(socket.getProtocol() ?? '', socket.getCipher().standardName, certificateName);
      this.#flush();
    });
    // Handshake failures come here and not as 'error'.
    socket.on('_tlsError', () => {
      this.#fail();
      this.cut();
    });
    this.#listen(socket);
  }

  #pause(reason: number): void {
    if (this.#pauses === 0) this.#socket.pause();
    this.#pauses |= reason;
  }

  #unpause(reason: number): void {
    if ((this.#pauses & reason) === 0) return;
    this.#pauses &= ~reason;
    if (this.#pauses === 0) this.#socket.resume();
  }
}
