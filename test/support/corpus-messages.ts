/** Corpora ready to be sent, and their messages as a server would see them. */
import { buildCorpus } from '../../src/data/corpus/build-corpus.js';
import { Corpus } from '../../src/data/corpus/corpus.js';
import type { CorpusMessage } from '../../src/data/corpus/corpus.js';
import type { CorpusOptions, CorpusPlan, CorpusSource } from '../../src/data/corpus/corpus-plan.js';
import { compileAddress } from '../../src/data/envelope-address.js';
import type { FeederPlan } from '../../src/data/feeder.js';
import { RenderContext } from '../../src/data/render-context.js';
import type { TemplateData } from '../../src/data/template-variables.js';
import { dataOf } from './template-data.js';

/** Data with the addresses of an envelope. */
export function envelopeData(
  options: { seed?: number; from?: string; to?: string; feeders?: readonly FeederPlan[] } = {},
): TemplateData {
  const { from = 'sender%d@example.test', to = 'user%d@example.test', ...rest } = options;
  const data = dataOf(rest);
  return {
    ...data,
    values: new Map([
      ['from', compileAddress(from, 'from', 'sender', 100_000, data)],
      ['to', compileAddress(to, 'to', 'recipient', 100_000, data)],
    ]),
  };
}

export function corpusOptions(source: CorpusSource, options: Partial<CorpusOptions> = {}): CorpusOptions {
  return { parts: [{ weight: 1, source }], headers: [], dkim: null, isChunked: false, ...options };
}

/** A corpus, or what is wrong with it as `path: message`. */
export async function planOrIssues(options: CorpusOptions, data = envelopeData()): Promise<CorpusPlan | string[]> {
  const building = await buildCorpus(options, data);
  return 'corpus' in building ? building.corpus : building.issues.map(({ path, message }) => `${path}: ${message}`);
}

/** A corpus as a worker has it, from a copy of the plan as it crosses threads. */
export async function corpusOf(
  options: CorpusOptions,
  data = envelopeData(),
  context = new RenderContext(),
): Promise<Corpus> {
  const plan = await planOrIssues(options, data);
  if (Array.isArray(plan)) throw new Error(plan.join('; '));
  return new Corpus(structuredClone(plan), data, context, 'default');
}

/** The octets of a message as DATA carries them, without the final dot. */
function wireOf(message: CorpusMessage, number: number): string {
  const target = Buffer.alloc(message.maxHeadLength + 10, 0xff);
  const end = message.writeHead(target, 5, number);
  if (end - 5 !== message.headLength) throw new Error('a head has the length that it states');
  if (!Buffer.from(message.headOf(number)).equals(target.subarray(5, end))) throw new Error('two heads of one number');
  const wire = target.toString('latin1', 5, end) + message.body.toString('latin1');
  if (!wire.endsWith('\r\n.\r\n')) throw new Error('the final dot is missing');
  return wire.slice(0, -'.\r\n'.length);
}

/** The octets of a message as a server has them: latin1. Checks what holds for every message. */
export function receivedOf(message: CorpusMessage, number: number): string {
  const wire = wireOf(message, number);
  if (/^\.[^.]/m.test(wire)) throw new Error('a line begins with a dot that is not doubled');
  const received = wire.replaceAll(/^\./gm, '');
  if (/[\r\n]/.test(received.replaceAll('\r\n', ''))) throw new Error('CR or LF stands alone');
  if (received.length !== message.sizeBytes) throw new Error(`${received.length} octets, not ${message.sizeBytes}`);
  return received;
}

/** Message `number` of a corpus, as a server has it. */
export function messageAt(corpus: Corpus, number: number): string {
  return receivedOf(corpus.messageOf(number), number);
}

/** Header fields by name in lower case, unfolded, and the body. */
export function splitMessage(message: string): { fields: [string, string][]; body: string } {
  const end = message.indexOf('\r\n\r\n');
  const lines = message
    .slice(0, end)
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { fields, body: message.slice(end + 4) };
}
