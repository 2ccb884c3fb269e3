/** The messages of a worker: chosen by number, and written with what differs from message to message. */
import { assert } from '../../assert.js';
import { KeyedRandom } from '../keyed-random.js';
import type { RenderContext } from '../render-context.js';
import type { TemplateData } from '../template-variables.js';
import type { CorpusPlan } from './corpus-plan.js';
import { MessageHead } from './message-head.js';

/** What is needed to send a message: `MessageTemplate` is another one. */
export interface MessageContent {
  /** Octets of headers and body, as SIZE would declare them. */
  readonly sizeBytes: number;
  /** What `writeHead` writes at most. */
  readonly maxHeadLength: number;
  /** Octets of every head. */
  readonly headLength: number;
  /** Everything after the head, with the final dot; shared, never to be changed. */
  readonly body: Uint8Array;
  /** The head of message `number`; valid until the next one is asked for. */
  headOf(number: number): Uint8Array;
  /**
   * Writes the head of message `number` (global, from 0); `body` follows it.
   *
   * @returns the index behind the last octet
   */
  writeHead(target: Buffer, offset: number, number: number): number;
}

/** One message of a corpus, which is sent under many numbers. */
export class CorpusMessage implements MessageContent {
  readonly sizeBytes: number;
  readonly headLength: number;
  readonly body: Buffer;
  readonly #head: MessageHead;
  readonly #own: Buffer;
  readonly #context: RenderContext;
  readonly #scratch: () => Buffer;

  constructor(head: MessageHead, own: Buffer, body: Buffer, fixedBytes: number, shared: CorpusShared) {
    this.#head = head;
    this.#own = own;
    this.body = body;
    this.headLength = head.length + own.length;
    this.sizeBytes = head.length + fixedBytes;
    this.#context = shared.context;
    this.#scratch = shared.scratch;
  }

  get maxHeadLength(): number {
    return this.headLength;
  }

  headOf(number: number): Buffer {
    const scratch = this.#scratch();
    return scratch.subarray(0, this.writeHead(scratch, 0, number));
  }

  writeHead(target: Buffer, offset: number, number: number): number {
    const context = this.#context;
    context.number = number;
    // Headers speak of the message, not of one of its recipients.
    context.index = 0;
    const end = this.#head.write(target, offset, context);
    const own = this.#own;
    if (own.length === 0) return end;
    target.set(own, end);
    return end + own.length;
  }
}

/** What the messages of a worker share. */
interface CorpusShared {
  readonly context: RenderContext;
  /** Room for the longest head. */
  readonly scratch: () => Buffer;
}

/** The corpus of a worker. */
export class Corpus {
  readonly messages: readonly CorpusMessage[];
  readonly #shareEnd: Float64Array;
  readonly #random: KeyedRandom;

  /**
   * @param data - as it was when the plan was built
   * @param context - of the worker: what it holds of session and time is written; the number is set here
   * @param name - of the scenario: two corpora choose on their own
   */
  constructor(plan: CorpusPlan, data: TemplateData, context: RenderContext, name: string) {
    assert(plan.shareEnd.length > 0, 'a corpus has messages');
    const octets = Buffer.from(plan.octets.buffer, plan.octets.byteOffset, plan.octets.length);
    const part = (starts: Uint32Array, ends: Uint32Array, index: number): Buffer =>
      octets.subarray(starts[index], ends[index]);
    const heads = plan.heads.map((fields) => new MessageHead(fields, data));
    let scratch: Buffer | null = null;
    const shared: CorpusShared = {
      context,
      scratch: () => (scratch ??= Buffer.alloc(Math.max(...this.messages.map(({ headLength }) => headLength)))),
    };
    this.messages = Array.from(plan.head, (head, index) => {
      const own = part(plan.ownStart, plan.ownEnd, index);
      const body = part(plan.bodyStart, plan.bodyEnd, index);
      return new CorpusMessage(heads[head] as MessageHead, own, body, plan.fixedBytes[index] as number, shared);
    });
    this.#shareEnd = plan.shareEnd;
    this.#random = new KeyedRandom(data.seed, `corpus ${name}`);
  }

  readonly usesContext = true;

  /** Octets of the largest, as SIZE would declare them. */
  get largestBytes(): number {
    return this.messages.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
  }

  /** Which of the messages has this number; follows from the seed and the number alone. */
  indexOf(number: number): number {
    const share = this.#random.unit(number, 0, 0);
    const ends = this.#shareEnd;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (share < (ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  messageOf(number: number): CorpusMessage {
    return this.messages[this.indexOf(number)] as CorpusMessage;
  }
}
