/** What a sink has seen. Plain counters of one thread; knows neither sockets nor SMTP. */
import { AddedDelays } from './added-delays.js';
import type { AddedDelay } from './added-delays.js';
import type { ArchiveStats } from './message-archive.js';
import type { ReplyBook } from './reply-book.js';
import type { SinkSecond } from './second-series.js';

/** Commands by step, as the client counts its own: HELO and LHLO are `ehlo`, `endOfData` is a message's end (in LMTP one per accepted recipient). */
export interface CommandCounts {
  ehlo: number;
  starttls: number;
  auth: number;
  mail: number;
  rcpt: number;
  data: number;
  /** Chunks but the last, whose answer is that of the message: `endOfData`. */
  bdat: number;
  endOfData: number;
  rset: number;
  noop: number;
  vrfy: number;
  expn: number;
  help: number;
  quit: number;
  /** Lines that were no command the sink performs. */
  unknown: number;
}

/** Replies that share step, code and enhanced code. */
export interface SinkReplyRow {
  readonly step: string;
  readonly code: number;
  /** `2.1.5`, or null when the reply had none. */
  readonly enhanced: string | null;
  readonly count: number;
}

/** TLS sessions that share version and cipher. */
export interface SinkTlsRow {
  /** `TLSv1.3` */
  readonly version: string;
  /** By its IANA name: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly count: number;
}

/** What a sink has seen so far. */
export interface SinkStats {
  /** Connections accepted. */
  readonly connections: number;
  readonly peakOpen: number;
  /** Connections greeted with 421 because a limit was reached. */
  readonly refused: number;
  readonly open: number;
  /** Messages whose end was answered with 2yz. */
  readonly messages: number;
  /** Recipients of those messages. */
  readonly recipients: number;
  /** Octets of SMTP, inside TLS where there is TLS. */
  readonly bytes: { readonly sent: number; readonly received: number };
  /** TLS handshakes completed. */
  readonly tlsSessions: number;
  /** The same by version and cipher. */
  readonly tls: readonly SinkTlsRow[];
  /** AUTH dialogues that succeeded. */
  readonly authenticated: number;
  /** By step; every step is present. */
  readonly commands: Readonly<Record<string, number>>;
  /** Replies sent, 334 included. Raw octets of a fault row count by the code that they begin with, if they do. */
  readonly replies: readonly SinkReplyRow[];
  /** Fault rows that struck. */
  readonly faults: number;
  /** Connections that an error ended before the sink did (reset, broken pipe, plain text in place of TLS), and failures to accept one. */
  readonly socketErrors: number;
  /** How long replies were held back on purpose, by their step; `tls`: handshakes, `transfer`: content that was not read. */
  readonly addedDelay: AddedDelay;
  /** Messages written to the folder; null: none was asked for. */
  readonly saved: ArchiveStats | null;
  /** The same second by second; at most 3,600 rows, which then stand for longer. */
  readonly seconds: readonly SinkSecond[];
}

/** The counters of one sink, incremented in place. */
export class SinkCounters {
  connections = 0;
  peakOpen = 0;
  refused = 0;
  open = 0;
  messages = 0;
  recipients = 0;
  bytesReceived = 0;
  bytesSent = 0;
  tlsSessions = 0;
  authenticated = 0;
  faults = 0;
  readonly addedDelays = new AddedDelays();
  readonly #tls = new Map<string, { version: string; cipher: string; count: number }>();
  socketErrors = 0;
  readonly commands: CommandCounts = {
    ehlo: 0,
    starttls: 0,
    auth: 0,
    mail: 0,
    rcpt: 0,
    data: 0,
    bdat: 0,
    endOfData: 0,
    rset: 0,
    noop: 0,
    vrfy: 0,
    expn: 0,
    help: 0,
    quit: 0,
    unknown: 0,
  };

  connectionOpened(): void {
    this.connections++;
    this.open++;
    if (this.open > this.peakOpen) this.peakOpen = this.open;
  }

  connectionClosed(): void {
    this.open--;
  }

  /** A handshake is done. Versions and ciphers are few, whatever clients offer: ours are a fixed set. */
  tlsBegan(version: string, cipher: string): void {
    this.tlsSessions++;
    const key = `${version} ${cipher}`;
    const row = this.#tls.get(key);
    if (row === undefined) this.#tls.set(key, { version, cipher, count: 1 });
    else row.count++;
  }

  /** A copy that can cross threads. */
  stats(replies: ReplyBook, saved: ArchiveStats | null, seconds: readonly SinkSecond[]): SinkStats {
    return {
      connections: this.connections,
      peakOpen: this.peakOpen,
      refused: this.refused,
      open: this.open,
      messages: this.messages,
      recipients: this.recipients,
      bytes: { sent: this.bytesSent, received: this.bytesReceived },
      tlsSessions: this.tlsSessions,
      tls: [...this.#tls.values()].map((row) => ({ ...row })),
      authenticated: this.authenticated,
      commands: { ...this.commands },
      replies: replies.rows(),
      faults: this.faults,
      socketErrors: this.socketErrors,
      addedDelay: this.addedDelays.summaries(),
      saved,
      seconds,
    };
  }
}
