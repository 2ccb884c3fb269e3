/** A corpus as it is asked for, and as it crosses to workers. Types only. */
import type { ComposedMail } from './compose-mail.js';
import type { DkimKey } from './dkim-signature.js';
import type { MailFile } from './mail-file.js';
import type { HeaderTemplate } from './message-head.js';
import type { SizeDistribution } from './size-distribution.js';

/** What messages are made of. */
export type CorpusSource =
  /** Invented text. */
  | { readonly kind: 'text'; readonly size: SizeDistribution; readonly isUnicode: boolean }
  /** Messages as they are, but for those header fields that every message gets anew. */
  | { readonly kind: 'files'; readonly files: readonly MailFile[] }
  /** MIME; so many different ones, where a part is invented. */
  | { readonly kind: 'composed'; readonly mail: ComposedMail; readonly variants: number }
  /** What every filter of spam finds. */
  | { readonly kind: 'gtube' }
  /** What every scanner for viruses finds. */
  | { readonly kind: 'eicar' };

/** One of the sources. */
export interface CorpusPart {
  readonly weight: number;
  readonly source: CorpusSource;
}

/** What a user wants. */
export interface CorpusOptions {
  readonly parts: readonly CorpusPart[];
  /**
   * Fields of every message. They take the place of those that a message has, or would get, under the same name. What
   * every message gets: Message-ID, X-Postrush-Trace, and unless it comes from a file From, To, Date and Subject.
   */
  readonly headers: readonly HeaderTemplate[];
  /** Null: messages are not signed. */
  readonly dkim: DkimKey | null;
  /** Content goes by BDAT, so that neither dots are doubled nor a final one is added. */
  readonly isChunked: boolean;
}

/** A corpus as it crosses to workers: plain data and typed arrays, for each message of it an entry. */
export interface CorpusPlan {
  /** The fields that are written per message. */
  readonly heads: readonly (readonly HeaderTemplate[])[];
  /** All fixed octets, as they go over the wire. Messages may share some. */
  readonly octets: Uint8Array;
  /** By message: index in `heads`. */
  readonly head: Uint8Array;
  /** By message: octets that follow the head, and in `octets` its [start, end). */
  readonly ownStart: Uint32Array;
  readonly ownEnd: Uint32Array;
  /** By message: the rest, with the final dot. */
  readonly bodyStart: Uint32Array;
  readonly bodyEnd: Uint32Array;
  /** By message: octets without the head as SIZE would declare them. */
  readonly fixedBytes: Uint32Array;
  /** By message: share of this one and all before it; the last is 1. */
  readonly shareEnd: Float64Array;
  /** Some message has octets of more than 7 bits. */
  readonly isEightBit: boolean;
  /** Some header field has characters that are no ASCII (RFC 6531). */
  readonly hasUnicodeHeaders: boolean;
}
