/** Decides which fault row strikes. Counts occurrences over the whole sink; knows no session. */
import type { CountedReply, ReplyBook, ReplyStep } from './reply-book.js';
import type { FaultEvent, FaultRow } from './sink-options.js';

/** A row made ready to be played. */
export interface Fault {
  /** What it sends, or null: the usual reply, or nothing if it ends the connection. */
  readonly reply: CountedReply | null;
  /** `reply` is raw octets. */
  readonly isRaw: boolean;
  readonly delayMs: number;
  readonly dripMs: number;
  readonly then: 'close' | 'reset' | 'silence' | 'continue';
  readonly stopsReading: boolean;
}

interface WatchedRow {
  readonly row: FaultRow;
  readonly fault: Fault;
  seen: number;
}

/** The step that a row's reply is counted under. */
const STEP_OF_EVENT: Readonly<Record<FaultEvent, ReplyStep>> = {
  connect: 'greeting',
  tls: 'tls',
  ehlo: 'ehlo',
  helo: 'ehlo',
  lhlo: 'ehlo',
  starttls: 'starttls',
  auth: 'auth',
  mail: 'mail',
  rcpt: 'rcpt',
  data: 'data',
  content: 'endOfData',
  endOfData: 'endOfData',
  rset: 'rset',
  quit: 'quit',
};

/** The fault rows of a sink. */
export class FaultTable {
  readonly #rows = new Map<FaultEvent, WatchedRow[]>();

  constructor(rows: readonly FaultRow[], replies: ReplyBook) {
    for (const row of rows) {
      const watched = this.#rows.get(row.on) ?? [];
      watched.push({ row, fault: prepare(row, replies), seen: 0 });
      this.#rows.set(row.on, watched);
    }
  }

  /** The first row that strikes at this occurrence, or null. Every row counts the occurrence, whichever wins. */
  match(event: FaultEvent, line: string): Fault | null {
    const rows = this.#rows.get(event);
    if (rows === undefined) return null;
    let winner: Fault | null = null;
    for (const watched of rows) {
      if (watched.row.matching !== undefined && !line.includes(watched.row.matching)) continue;
      watched.seen++;
      if (winner === null && strikes(watched)) winner = watched.fault;
    }
    return winner;
  }
}

function strikes({ row, seen }: WatchedRow): boolean {
  const occurrence = seen - (row.after ?? 0);
  if (occurrence < 1) return false;
  if (row.nth !== undefined && occurrence !== row.nth) return false;
  return row.everyNth === undefined || occurrence % row.everyNth === 0;
}

function prepare(row: FaultRow, replies: ReplyBook): Fault {
  const step = row.on === 'content' && row.raw !== undefined ? 'session' : STEP_OF_EVENT[row.on];
  const octets = row.raw ?? (row.reply === undefined ? null : `${row.reply}\r\n`);
  return {
    reply: octets === null ? null : replies.verbatim(step, octets),
    isRaw: row.raw !== undefined,
    delayMs: row.delayMs ?? 0,
    dripMs: row.dripMs ?? 0,
    then: row.then ?? 'continue',
    stopsReading: row.stopReading ?? false,
  };
}
