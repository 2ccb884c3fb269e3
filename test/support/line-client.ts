/** A raw SMTP client for tests: sends what it is given and hands out replies one by one. Knows no SMTP but the shape of a reply. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How a connection ended: by FIN, by RST, or by another error. */
export type Ended = 'closed' | 'reset' | 'failed';

/** One connection. `received` is everything as it came, Latin-1. */
export class LineClient {
  /** All octets since the connection, or since TLS began. */
  received = '';
  /** Octets by 'data' event: how the server grouped its writes, as far as TCP shows it. */
  chunks: string[] = [];
  /** The first error; null: none. */
  error: NodeJS.ErrnoException | null = null;
  readonly ended: Promise<Ended>;
  #socket: Socket;
  #taken = 0;
  #hasEnded = false;
  #wake: () => void = () => {};
  #settle: (ended: Ended) => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    this.#listen(socket);
  }

  /** Connects to a port of loopback, or to a unix socket. */
  static async connect(place: number | string): Promise<LineClient> {
    const socket =
      typeof place === 'string' ? connect({ path: place }) : connect({ port: place, host: '127.0.0.1', noDelay: true });
    const client = new LineClient(socket);
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('error', () => resolve());
    });
    return client;
  }

  /** Sends octets (Latin-1) as they are. */
  write(octets: string | Buffer): void {
    this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  }

  /** Sends a command and returns its reply. */
  async command(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** The next reply with all its lines, without the last CRLF. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\r\n)*\d{3}(?: [^\n]*)?\r\n/.exec(this.received.slice(this.#taken));
      if (match !== null) {
        this.#taken += match[0].length;
        return match[0].slice(0, -2);
      }
      if (this.#hasEnded) throw new Error(`the connection ended; unread: ${JSON.stringify(this.unread())}`);
      await this.#more();
    }
  }

  /** Several replies. */
  async replies(count: number): Promise<string[]> {
    const replies: string[] = [];
    while (replies.length < count) replies.push(await this.reply());
    return replies;
  }

  /** Waits until that many octets have come in all. */
  async octets(count: number): Promise<string> {
    while (this.received.length < count && !this.#hasEnded) await this.#more();
    return this.received;
  }

  /** What has come and was not yet handed out. */
  unread(): string {
    return this.received.slice(this.#taken);
  }

  /** Greeting and EHLO; returns the reply to EHLO. */
  async hello(): Promise<string> {
    await this.reply();
    return this.command('EHLO client.test');
  }

  /** Begins TLS on the connection as it stands; resolves when it is secure, rejects when it fails. */
  async startTls(): Promise<void> {
    this.#socket.removeAllListeners('data');
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    this.received = '';
    this.chunks = [];
    this.#taken = 0;
    this.#socket = secure;
    this.#listen(secure);
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('closed during the handshake')));
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Octets written that the kernel has not taken. */
  get unsentOctets(): number {
    return this.#socket.writableLength;
  }

  /** FIN: nothing more will be sent. */
  end(): void {
    this.#socket.end();
  }

  /** RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.chunks.push(chunk.toString('latin1'));
      this.#wake();
    });
    socket.on('error', (error) => {
      this.error ??= error;
    });
    socket.on('close', () => {
      this.#hasEnded = true;
      this.#settle(this.error === null ? 'closed' : this.error.code === 'ECONNRESET' ? 'reset' : 'failed');
      this.#wake();
    });
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
