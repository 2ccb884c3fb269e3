/**
 * What it costs to choose a message of a corpus and to write what differs in it.
 * `node dist/benchmarks/micro/corpus-message.bench.js [messages]` prints a line per corpus.
 */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { buildCorpus } from '../../src/data/corpus/build-corpus.js';
import { Corpus } from '../../src/data/corpus/corpus.js';
import type { CorpusSource } from '../../src/data/corpus/corpus-plan.js';
import type { HeaderTemplate } from '../../src/data/corpus/message-head.js';
import { compileAddress } from '../../src/data/envelope-address.js';
import { RenderContext } from '../../src/data/render-context.js';
import type { TemplateData } from '../../src/data/template-variables.js';
import { nsPerUnit } from '../support/statistics.js';

/** What the messages of one corpus cost. */
export interface CorpusFigure {
  readonly corpus: string;
  /** All of it, before the load. */
  readonly buildSec: number;
  readonly messages: number;
  readonly nsPerMessage: number;
  /** Best of the rounds; the median is `nsPerMessage`. */
  readonly nsPerMessageMin: number;
  /** Sums octets of every message. */
  readonly checksum: number;
}

const ROUNDS = 5;
const SEED = 42;
const CORPORA: readonly { corpus: string; source: CorpusSource; headers: readonly HeaderTemplate[] }[] = [
  { corpus: '1 KiB of text', source: { kind: 'text', size: 1024, isUnicode: false }, headers: [] },
  {
    corpus: 'text of many sizes, Subject with a counter',
    source: {
      kind: 'text',
      size: { shape: 'logNormal', medianBytes: 20_000, sigma: 1.2, maxBytes: 1_000_000 },
      isUnicode: true,
    },
    headers: [{ name: 'Subject', value: 'news {{seq}}' }],
  },
  {
    corpus: '4 newsletters with HTML and an attachment',
    source: {
      kind: 'composed',
      mail: {
        text: { bytes: 2_000 },
        html: { bytes: 8_000 },
        attachments: [{ name: 'prices.pdf', type: null, content: { bytes: 50_000 } }],
        isUnicode: true,
      },
      variants: 4,
    },
    headers: [{ name: 'Date', value: '{{now}}' }],
  },
];

/** Addresses of the envelope as flags have them. */
function benchData(): TemplateData {
  const data: TemplateData = { seed: SEED, feeders: new Map(), captures: [], values: new Map() };
  return {
    ...data,
    values: new Map([
      ['from', compileAddress('sender%d@example.test', 'from', 'sender', 100_000, data)],
      ['to', compileAddress('user%d@example.test', 'to', 'recipient', 100_000, data)],
    ]),
  };
}

/**
 * Measures every corpus.
 *
 * @param messages - per round; a smoke test needs 1,000, a figure 1,000,000
 */
export async function runBench(messages: number): Promise<CorpusFigure[]> {
  const data = benchData();
  const figures: CorpusFigure[] = [];
  for (const { corpus: name, source, headers } of CORPORA) {
    const startedMs = performance.now();
    const building = await buildCorpus({ parts: [{ weight: 1, source }], headers, dkim: null, isChunked: false }, data);
    const buildSec = (performance.now() - startedMs) / 1000;
    if ('issues' in building) throw new Error(building.issues.map(({ message }) => message).join('; '));
    const context = new RenderContext();
    const corpus = new Corpus(building.corpus, data, context, 'bench');
    const target = Buffer.alloc(Math.max(...corpus.messages.map(({ maxHeadLength }) => maxHeadLength)));
    let checksum = 0;
    const { median, best } = nsPerUnit(ROUNDS, messages, () => {
      checksum = 0;
      for (let number = 0; number < messages; number++) {
        context.nowMs = 1.8e12 + number / 10;
        const message = corpus.messageOf(number);
        const end = message.writeHead(target, 0, number);
        checksum += end + message.body.length + (target[number % end] ?? 0);
      }
    });
    figures.push({
      corpus: name,
      buildSec,
      messages: corpus.messages.length,
      nsPerMessage: median,
      nsPerMessageMin: best,
      checksum,
    });
  }
  return figures;
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const figure of await runBench(Number(argv[2] ?? 1_000_000))) {
    const { corpus, buildSec, messages, nsPerMessage, nsPerMessageMin, checksum } = figure;
    const built = `${String(messages).padStart(5)} messages built in ${buildSec.toFixed(2)} s`;
    const cost = `${nsPerMessage.toFixed(0).padStart(5)} ns per message (best ${nsPerMessageMin.toFixed(0)})`;
    console.log(`${corpus.padEnd(43)} ${built}, ${cost}, checksum ${checksum}`);
  }
}
