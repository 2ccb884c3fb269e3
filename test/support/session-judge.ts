/**
 * Reads along what a client writes and what a server says, octet by octet and by rules of its own, and so knows what can
 * have been accepted. Shares no code with the engine; slow, without limits, and wrong in nothing.
 */

/** A command that waits for its reply; `content` is a whole message, `dot` a lone one. */
type Awaited = 'greeting' | 'command' | 'starttls' | 'auth' | 'content' | 'dot';

const COMMANDS: Readonly<Record<string, Awaited>> = {
  EHLO: 'command',
  HELO: 'command',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  MAIL: 'command',
  RCPT: 'command',
  DATA: 'command',
  RSET: 'command',
  QUIT: 'command',
};

/** One connection. */
export class SessionJudge {
  /** Messages whose end was answered by a whole 2yz, after the server could have it. */
  accepted = 0;
  /** Whole replies. */
  replies = 0;
  readonly #awaited: Awaited[] = [];
  #unreadCommands = '';
  #unreadReplies = '';
  #linesBefore: string | null = null;
  #mayBeContent = false;
  #isOver = false;

  /** A greeting is due: the connection is there, or its TLS is. */
  greetingIsDue(): void {
    this.#awaited.push('greeting');
  }

  /** TLS begins: half a reply from before is nothing (RFC 3207 §4.2). */
  tlsBegins(): void {
    this.#unreadReplies = '';
    this.#linesBefore = null;
  }

  /** The client wrote these octets. */
  clientWrote(octets: string): void {
    this.#unreadCommands += octets;
    while (this.#readCommand());
  }

  /** The server said these octets; `isTaken`: everything written before is out of the client's hands. */
  serverSaid(octets: string, isTaken: boolean): void {
    this.#unreadReplies += octets;
    for (;;) {
      const end = this.#unreadReplies.indexOf('\n');
      if (end === -1 || this.#isOver) return;
      const line = this.#unreadReplies.slice(0, end);
      this.#unreadReplies = this.#unreadReplies.slice(end + 1);
      this.#takeLine(line, isTaken);
    }
  }

  #takeLine(line: string, isTaken: boolean): void {
    const [, code, separator = ''] = /^([1-5][0-9]{2})(?:([ -])[^]*?)?\r?$/.exec(line) ?? [];
    if (code === undefined || (this.#linesBefore ?? code) !== code) {
      this.#isOver = true;
      return;
    }
    this.#linesBefore = separator === '-' ? code : null;
    if (separator === '-') return;
    this.replies++;
    const asked = this.#awaited[0];
    // A prompt inside AUTH answers nothing yet.
    if (asked === 'auth' && code.startsWith('3')) return;
    this.#awaited.shift();
    if (asked === 'content' && code.startsWith('2') && isTaken) this.accepted++;
  }

  #readCommand(): boolean {
    const unread = this.#unreadCommands;
    if (this.#mayBeContent && unread.startsWith('Message-ID:')) return this.#readUpTo('\r\n.\r\n', 'content');
    if (this.#mayBeContent && unread.startsWith('.\r\n')) return this.#readUpTo('.\r\n', 'dot');
    const end = unread.indexOf('\r\n');
    if (end === -1) return false;
    const word = unread.slice(0, end).split(' ')[0] ?? '';
    // What is no command is an answer inside AUTH.
    const awaited = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    if (awaited !== undefined) this.#awaited.push(awaited);
    this.#mayBeContent = word === 'DATA';
    this.#unreadCommands = unread.slice(end + 2);
    return true;
  }

  #readUpTo(mark: string, awaited: Awaited): boolean {
    const end = this.#unreadCommands.indexOf(mark);
    if (end === -1) return false;
    this.#unreadCommands = this.#unreadCommands.slice(end + mark.length);
    this.#mayBeContent = false;
    this.#awaited.push(awaited);
    return true;
  }
}
