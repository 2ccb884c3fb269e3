/** A server on the other side of a {@link ManualConnection}: reads what was written, and answers by a table. */
import { ehloReply, type EngineSession } from './engine-session.js';

/** What a command is answered with. Lines without line ends; null: nothing. */
export type Answer = string | readonly string[] | null;

/** Answers by command word; `content` is the end of the mail data, `greeting` the connection itself. */
export interface AnswerBook {
  readonly keywords?: readonly string[];
  /** Called for every command with its words and how many of its kind came before it; undefined: the usual answer. */
  readonly answer?: (word: CommandWord, line: string, nth: number) => Answer | undefined;
}

/** What a server tells apart; `response` is a line behind a 334. */
export type CommandWord =
  | 'greeting'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  | 'auth'
  | 'response'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'content'
  | 'rset'
  | 'quit';

const USUAL: Readonly<Record<CommandWord, string>> = {
  greeting: '220 mx.test ready',
  ehlo: '',
  helo: '250 mx.test',
  starttls: '220 go ahead',
  auth: '235 2.7.0 welcome',
  response: '235 2.7.0 welcome',
  mail: '250 2.1.0 sender ok',
  rcpt: '250 2.1.5 recipient ok',
  data: '354 go ahead',
  content: '250 2.0.0 queued',
  rset: '250 2.0.0 ok',
  quit: '221 2.0.0 bye',
};

/** Knows commands and whether mail data is due; nothing of transactions, so that it can be as wrong as a table says. */
export class ScriptedServer {
  /** Commands in the order in which they came, mail data as `content <octets>`. */
  readonly heard: string[] = [];
  /** Octets of every message, dot-stuffed, with the final dot. */
  readonly contents: string[] = [];
  readonly #book: AnswerBook;
  readonly #counts = new Map<CommandWord, number>();
  #unread = '';
  #readOctets = 0;
  #isData = false;
  #isAuth = false;
  #isGreeted = false;

  constructor(book: AnswerBook = {}) {
    this.#book = book;
  }

  /**
   * Reads on in what was written.
   *
   * @param sent - everything written since the start
   * @returns the next answer in octets, or null when nothing waits for one. An answer of null in the table is ''.
   */
  next(sent: string): string | null {
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      return this.#answerTo('greeting', '');
    }
    this.#unread += sent.slice(this.#readOctets);
    this.#readOctets = sent.length;
    if (this.#isData) return this.#nextContent();
    const end = this.#unread.indexOf('\r\n');
    if (end === -1) return null;
    const line = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 2);
    this.heard.push(line);
    const word = this.#isAuth ? 'response' : (line.split(' ')[0]?.toLowerCase() ?? '');
    if (!(word in USUAL)) return '500 what\r\n';
    const answer = this.#answerTo(word as CommandWord, line);
    this.#isAuth = (word === 'auth' || word === 'response') && answer.startsWith('334');
    if (word === 'data' && answer.startsWith('3')) this.#isData = true;
    return answer;
  }

  /** Another connection begins. */
  reset(sentOctets: number): void {
    this.#unread = '';
    this.#readOctets = sentOctets;
    this.#isData = false;
    this.#isAuth = false;
    this.#isGreeted = false;
  }

  #nextContent(): string | null {
    const end = this.#unread.startsWith('.\r\n') ? 0 : this.#unread.indexOf('\r\n.\r\n') + 2;
    if (end === 1) return null;
    const content = this.#unread.slice(0, end + 3);
    this.#unread = this.#unread.slice(end + 3);
    this.#isData = false;
    this.contents.push(content);
    this.heard.push(`content ${content.length}`);
    return this.#answerTo('content', content);
  }

  #answerTo(word: CommandWord, line: string): string {
    const nth = this.#counts.get(word) ?? 0;
    this.#counts.set(word, nth + 1);
    const own = this.#book.answer?.(word, line, nth);
    const usual = word === 'ehlo' ? ehloReply(this.#book.keywords ?? []) : USUAL[word];
    const answer = own === undefined ? usual : own;
    if (answer === null) return '';
    return (typeof answer === 'string' ? [answer] : answer).map((text) => `${text}\r\n`).join('');
  }
}

/**
 * Lets the server answer until it has nothing more to say, or has said `maxOctets`.
 *
 * @returns how many octets it has said
 */
export function serve(session: EngineSession, server: ScriptedServer, maxOctets: number): number {
  let said = 0;
  for (;;) {
    const answer = server.next(session.connection.sent);
    if (answer === null || session.connection.isDropped) return said;
    const octets = answer.slice(0, Math.min(answer.length, maxOctets - said));
    said += octets.length;
    if (octets !== '') session.saysOctets(octets);
    if (said >= maxOctets) return said;
  }
}
