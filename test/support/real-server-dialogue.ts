/** A plain, slow SMTP client that shares nothing with postrush: what it learns about a server can be believed. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** One connection, one command at a time. */
export class Dialogue {
  #socket: Socket;
  #text = '';
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Connects and reads the greeting. */
  static async open(port: number): Promise<Dialogue> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    const dialogue = new Dialogue(socket);
    await dialogue.#reply();
    return dialogue;
  }

  /** Sends one line and returns the whole reply. */
  async say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  /** STARTTLS, with the server's certificate verified. */
  async startTls(ca: string): Promise<string> {
    const reply = await this.say('STARTTLS');
    this.#socket.removeAllListeners('data');
    const socket = connectTls({ socket: this.#socket, ca, servername: 'localhost' });
    await once(socket, 'secureConnect');
    this.#socket = socket;
    this.#listen();
    return reply;
  }

  /** QUIT and the end of the connection. */
  async close(): Promise<void> {
    await this.say('QUIT');
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#wake());
  }

  async #reply(): Promise<string> {
    for (;;) {
      const end = /^\d{3}(?: .*)?\r\n/m.exec(this.#text);
      if (end !== null) {
        const reply = this.#text.slice(0, end.index + end[0].length);
        this.#text = this.#text.slice(reply.length);
        return reply;
      }
      if (this.#socket.destroyed) throw new Error(`the server closed the connection: ${this.#text}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
