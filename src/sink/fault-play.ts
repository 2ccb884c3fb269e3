/** The fault rows of a sink as what is played when they strike. Decides nothing: the fault table does. */
import type { CountedReply, ReplyBook, ReplyStep } from './reply-book.js';
import type { FaultEvent, FaultRow } from './sink-options.js';

/** A row made ready to be played. */
export interface Fault {
  /** What it sends, or null: the usual reply, or nothing if it ends the connection. */
  readonly reply: CountedReply | null;
  /** `reply` is raw octets. */
  readonly isRaw: boolean;
  readonly dripMs: number;
  readonly then: 'close' | 'reset' | 'silence' | 'continue';
  readonly stopsReading: boolean;
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
  bdat: 'bdat',
  content: 'endOfData',
  contentChunk: 'endOfData',
  endOfData: 'endOfData',
  rset: 'rset',
  noop: 'noop',
  vrfy: 'vrfy',
  expn: 'expn',
  help: 'help',
  quit: 'quit',
  unknown: 'unknown',
};

/** Makes the rows ready, in their order. */
export function prepareFaults(rows: readonly FaultRow[], replies: ReplyBook): readonly Fault[] {
  return rows.map((row) => prepare(row, replies));
}

function prepare(row: FaultRow, replies: ReplyBook): Fault {
  const step =
    (row.on === 'content' || row.on === 'contentChunk') && row.raw !== undefined ? 'session' : STEP_OF_EVENT[row.on];
  const octets = row.raw?.repeat(row.repeat ?? 1) ?? (row.reply === undefined ? null : `${row.reply}\r\n`);
  return {
    reply: octets === null ? null : replies.verbatim(step, octets),
    isRaw: row.raw !== undefined,
    dripMs: row.dripMs ?? 0,
    then: row.then ?? 'continue',
    stopsReading: row.stopReading ?? false,
  };
}
