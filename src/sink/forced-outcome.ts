/** Outcomes that a recipient's local part asks for: `450-4.2.1-busy@`, `reject@`, `defer@`, `slow-200ms@`. */
import type { CountedReply, ReplyBook } from './reply-book.js';

/** What a recipient asks for. */
export interface ForcedOutcome {
  /** null: the usual reply. */
  readonly reply: CountedReply | null;
  readonly delayMs: number;
}

/** Code, perhaps enhanced code, perhaps words joined by hyphens. */
const WITH_CODE = /^([245]\d\d)(?:-([245]\.\d{1,3}\.\d{1,3}))?(?:-([a-z0-9-]{1,60}))?$/i;
const SLOW = /^slow-(\d{1,5})ms$/i;
/** Every different reply is remembered by the book, so what clients can make it remember is bounded. */
const REMEMBERED_MAX = 1000;

/** Reads local parts; one serves all sessions of a sink. */
export class ForcedOutcomes {
  readonly #book: ReplyBook;
  readonly #rejected: ForcedOutcome;
  readonly #deferred: ForcedOutcome;
  readonly #remembered = new Map<string, ForcedOutcome>();

  constructor(book: ReplyBook) {
    this.#book = book;
    this.#rejected = { reply: book.line('rcpt', 550, '5.1.1', 'rejected, as the address asks'), delayMs: 0 };
    this.#deferred = { reply: book.line('rcpt', 450, '4.2.1', 'deferred, as the address asks'), delayMs: 0 };
  }

  /** What `path` asks for, or null. Beyond 1,000 different requests further ones are not heard. */
  of(path: string): ForcedOutcome | null {
    // Most recipients ask for nothing, and are told apart by two letters.
    const first = path.charCodeAt(0);
    if (!MAY_ASK.has(first) && !(first >= 0x32 && first <= 0x35)) return null;
    const at = path.lastIndexOf('@');
    const local = (at === -1 ? path : path.slice(0, at)).toLowerCase();
    if (local === 'reject') return this.#rejected;
    if (local === 'defer') return this.#deferred;
    const known = this.#remembered.get(local);
    if (known !== undefined) return known;
    const outcome = this.#read(local);
    if (outcome === null || this.#remembered.size >= REMEMBERED_MAX) return null;
    this.#remembered.set(local, outcome);
    return outcome;
  }

  #read(local: string): ForcedOutcome | null {
    const slow = SLOW.exec(local);
    if (slow !== null) return { reply: null, delayMs: Number(slow[1]) };
    const [, code, enhanced, words] = WITH_CODE.exec(local) ?? [];
    if (code === undefined || (enhanced !== undefined && !code.startsWith(enhanced.charAt(0)))) return null;
    const text = words?.replaceAll('-', ' ') ?? 'as the address asks';
    return { reply: this.#book.line('rcpt', Number(code), enhanced ?? '', text), delayMs: 0 };
  }
}

const MAY_ASK = new Set(Array.from('rRdDsS', (letter) => letter.charCodeAt(0)));
