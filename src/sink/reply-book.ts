/** Every reply a sink can give, ready to send, and how often it was sent. Knows no session. */
import type { CommandCounts, SinkReplyRow } from './sink-counters.js';

/** What a reply answers. `session` is for octets that answer nothing. */
export type ReplyStep = keyof CommandCounts | 'greeting' | 'tls' | 'session';

/** How often the replies with one step, code and enhanced code were sent. */
export interface ReplyTally {
  readonly step: ReplyStep;
  /** 0: octets that are no reply; they have no row in the statistics. */
  readonly code: number;
  readonly enhanced: string | null;
  /** How often one of them was handed to the socket. */
  count: number;
}

/** One reply with the tally that it counts in; shared by all sessions of a sink. */
export interface CountedReply {
  /** As in its tally. */
  readonly code: number;
  /** What goes on the wire, Latin-1. */
  readonly octets: string;
  readonly tally: ReplyTally;
}

/** Makes replies, and remembers those that are said again. Their texts never hold what a client sent, so the book stays small. */
export class ReplyBook {
  readonly #replies = new Map<string, CountedReply>();
  readonly #tallies = new Map<string, ReplyTally>();
  readonly #hasEnhanced: boolean;

  /** @param hasEnhanced - whether replies carry enhanced status codes (RFC 2034 §3) */
  constructor(hasEnhanced: boolean) {
    this.#hasEnhanced = hasEnhanced;
  }

  /** A one-line reply. `enhanced` is '' where RFC 2034 §4 wants none: greeting, EHLO, 3yz. */
  line(step: ReplyStep, code: number, enhanced: string, text: string): CountedReply {
    const status = this.#hasEnhanced && enhanced !== '' ? `${enhanced} ` : '';
    return this.verbatim(step, `${String(code)} ${status}${text}\r\n`);
  }

  /** Octets as given. They count by the code and enhanced code that they begin with. */
  verbatim(step: ReplyStep, octets: string): CountedReply {
    const key = `${step} ${octets}`;
    let reply = this.#replies.get(key);
    if (reply === undefined) {
      const digits = /^(\d{3})(?:[ -]([245]\.\d{1,3}\.\d{1,3})(?=[ \r\n]|$))?/.exec(octets);
      const code = digits === null ? 0 : Number(digits[1]);
      reply = { code, octets, tally: this.#tally(step, code, digits?.[2] ?? null) };
      this.#replies.set(key, reply);
    }
    return reply;
  }

  /** A one-line reply without enhanced code that is counted as all others and not remembered: its text is new each time. */
  passing(step: ReplyStep, code: number, text: string): CountedReply {
    return { code, octets: `${String(code)} ${text}\r\n`, tally: this.#tally(step, code, null) };
  }

  /** What was sent, one row per step, code and enhanced code, in that order. */
  rows(): SinkReplyRow[] {
    const sent = [...this.#tallies].filter(([, { code, count }]) => code > 0 && count > 0);
    return sent.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tally]) => ({ ...tally }));
  }

  #tally(step: ReplyStep, code: number, enhanced: string | null): ReplyTally {
    const key = `${step} ${String(code)} ${enhanced ?? ''}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { step, code, enhanced, count: 0 };
      this.#tallies.set(key, tally);
    }
    return tally;
  }
}

/** 2yz: done. */
export function isPositive(code: number): boolean {
  return code >= 200 && code < 300;
}

/** 3yz: go on. */
export function isIntermediate(code: number): boolean {
  return code >= 300 && code < 400;
}
