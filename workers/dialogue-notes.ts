/** Takes down a dialogue as its octets pass: commands, replies and contents told apart, secrets left out. Knows no session. */
import { createHash } from 'node:crypto';
import type { DialogueEntry, DialogueEvent } from '../src/messages/dialogue-record.js';

/** Octets of a content that are kept. */
const HEAD_OCTETS = 2_000;
const END_OF_CONTENT = Buffer.from('\r\n.\r\n');
const HIDDEN = '<hidden>';

/** Takes down what both sides say, command by command. */
export class DialogueNotes {
  readonly entries: DialogueEntry[] = [];
  octetsSent = 0;
  contents = 0;
  contentOctets = 0;
  octetsReceived = 0;
  pausedMs = 0;
  readonly #hidesSecrets: boolean;
  /** Mail data is under way behind 354, what came of it. */
  #content: Buffer[] | null = null;
  /** Octets of a chunk that are still to come. */
  #chunkLeft = 0;
  #isAuthenticating = false;
  /** Its challenges are random. */
  #hasNonces = false;
  #line = '';

  constructor(hidesSecrets: boolean) {
    this.#hidesSecrets = hidesSecrets;
  }

  event(event: DialogueEvent, detail: string): void {
    this.entries.push({ kind: 'event', event, detail });
  }

  pause(ms: number): void {
    this.pausedMs += ms;
    this.event('pause', ms.toFixed(3));
  }

  heard(reply: string): void {
    this.octetsReceived += reply.length;
    const code = reply.slice(0, 3);
    if (code === '354') this.#content = [];
    const isChallenge = this.#isAuthenticating && code === '334';
    if (this.#isAuthenticating && !isChallenge) this.#isAuthenticating = false;
    const isHidden = isChallenge && this.#hidesSecrets && this.#hasNonces && reply.length > '334 \r\n'.length;
    this.entries.push({ kind: 'reply', text: isHidden ? `334 ${HIDDEN}` : reply.replace(/\r\n$/, '') });
  }

  said(octets: Buffer): void {
    this.octetsSent += octets.length;
    let rest = octets;
    while (rest.length > 0) {
      if (this.#content !== null) rest = this.#takeContent(this.#content, rest);
      else if (this.#chunkLeft > 0) rest = this.#takeChunk(rest);
      else rest = this.#takeLine(rest);
    }
  }

  #takeContent(before: Buffer[], octets: Buffer): Buffer {
    // The line before the content has ended with CRLF, so that a lone dot is an end as well.
    const whole = Buffer.concat([Buffer.from('\r\n'), ...before, octets]);
    const end = whole.indexOf(END_OF_CONTENT);
    if (end < 0) {
      before.push(octets);
      return octets.subarray(octets.length);
    }
    this.#content = null;
    this.contents++;
    this.#addContent(whole.subarray(2, Math.max(2, end + 2)));
    this.entries.push({ kind: 'command', text: '.' });
    return whole.subarray(end + END_OF_CONTENT.length);
  }

  #takeChunk(octets: Buffer): Buffer {
    const chunk = octets.subarray(0, this.#chunkLeft);
    this.#chunkLeft -= chunk.length;
    this.#addContent(chunk);
    return octets.subarray(chunk.length);
  }

  #addContent(octets: Buffer): void {
    this.contentOctets += octets.length;
    this.entries.push({
      kind: 'content',
      head: octets.toString('latin1', 0, HEAD_OCTETS),
      octets: octets.length,
      digest: createHash('sha256').update(octets).digest('hex'),
    });
  }

  #takeLine(octets: Buffer): Buffer {
    const end = octets.indexOf('\r\n');
    this.#line += octets.toString('latin1', 0, end < 0 ? octets.length : end);
    if (end >= 0) {
      this.#addLine(this.#line);
      this.#line = '';
    }
    return end < 0 ? octets.subarray(octets.length) : octets.subarray(end + 2);
  }

  #addLine(line: string): void {
    const [, verb = '', rest = ''] = /^(\w+) ?(.*)$/s.exec(line) ?? [];
    if (this.#isAuthenticating) {
      this.entries.push({ kind: 'command', text: this.#hidesSecrets && line !== '*' ? HIDDEN : line });
      return;
    }
    let text = line;
    if (verb.toUpperCase() === 'AUTH') {
      const [mechanism = '', initial] = rest.split(' ');
      this.#isAuthenticating = true;
      this.#hasNonces = /^(?:SCRAM|CRAM|DIGEST)-/i.test(mechanism);
      if (this.#hidesSecrets && initial !== undefined) text = `AUTH ${mechanism} ${HIDDEN}`;
    } else if (verb.toUpperCase() === 'BDAT') {
      this.#chunkLeft = Number.parseInt(rest, 10);
      if (/ LAST$/i.test(rest)) this.contents++;
    }
    this.entries.push({ kind: 'command', text });
  }
}
