/** Every reply a sink can give, ready to send, and how often it was sent. Knows no session. */
import type { CommandCounts, SinkReplyRow } from './sink-counters.js';

/** What a reply answers. `session` is for octets that answer nothing. */
export type ReplyStep = keyof CommandCounts | 'greeting' | 'tls' | 'session';

/** One reply with its count; shared by all sessions of a sink. */
export interface CountedReply {
  readonly step: ReplyStep;
  /** 0: octets that are no reply; they have no row in the statistics. */
  readonly code: number;
  readonly enhanced: string | null;
  /** What goes on the wire, Latin-1. */
  readonly octets: string;
  /** How often it was handed to the socket. */
  count: number;
}

/** Makes each reply once and remembers it. Texts never hold what a client sent, so the book stays small. */
export class ReplyBook {
  readonly #replies = new Map<string, CountedReply>();
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
      reply = { step, code: digits === null ? 0 : Number(digits[1]), enhanced: digits?.[2] ?? null, octets, count: 0 };
      this.#replies.set(key, reply);
    }
    return reply;
  }

  /** What was sent, one row per step, code and enhanced code, in that order. */
  rows(): SinkReplyRow[] {
    const rows = new Map<string, { step: string; code: number; enhanced: string | null; count: number }>();
    for (const { step, code, enhanced, count } of this.#replies.values()) {
      if (code === 0 || count === 0) continue;
      const key = `${step} ${String(code)} ${enhanced ?? ''}`;
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { step, code, enhanced, count });
      else row.count += count;
    }
    return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
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
