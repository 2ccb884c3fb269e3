import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CorpusSource } from '../../../src/data/corpus/corpus-plan.js';
import { RenderContext } from '../../../src/data/render-context.js';
import {
  corpusOf,
  corpusOptions,
  envelopeData,
  messageAt,
  planOrIssues,
  receivedOf,
  splitMessage,
} from '../../support/corpus-messages.js';
import { dkimFault } from '../../support/dkim-verifier.js';
import { csvFeeder } from '../../support/template-data.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const DKIM = { domain: 'example.test', selector: 'load', privateKey };
const TEXT: CorpusSource = { kind: 'text', size: 2_000, isUnicode: false };
const NEWSLETTER: CorpusSource = {
  kind: 'composed',
  mail: {
    text: 'Grüße\r\n.\r\nfrom us',
    html: { bytes: 3_000 },
    attachments: [
      { name: 'price list.pdf', type: null, content: { bytes: 5_000 } },
      { name: 'logo.png', type: 'image/png', content: Buffer.from('not really a picture') },
    ],
    isUnicode: true,
  },
  variants: 3,
};
const files = (...texts: string[]): CorpusSource => ({
  kind: 'files',
  files: texts.map((text, index) => ({ name: `${index}.eml`, octets: Buffer.from(text, 'latin1') })),
});

describe('a message of invented text', () => {
  test('has its fields, its trace id and its size', async () => {
    const corpus = await corpusOf(corpusOptions(TEXT));
    for (const number of [0, 7, 8, 9, 98, 99, 99_998, 99_999, 100_000, 999_999_999_999]) {
      const message = messageAt(corpus, number);
      expect(message).toHaveLength(2_000);
      const { fields, body } = splitMessage(message);
      const id = `${String(number).padStart(12, '0')}.1`;
      expect(fields.filter(([name]) => name !== 'x-postrush-pad')).toEqual([
        ['message-id', `<${id}@postrush.test>`],
        ['from', `<sender${(number % 100_000) + 1}@example.test>`],
        ['to', `<user${(number % 100_000) + 1}@example.test>`],
        ['date', 'Thu, 01 Jan 2026 00:00:00 +0000'],
        ['subject', 'postrush'],
        ['x-postrush-trace', id],
      ]);
      expect(body.split('\r\n').every((line) => line.length <= 80)).toBe(true);
      expect(body).toMatch(/^[\x20-\x7e\r\n]*$/);
    }
  });

  test('has every size from the smallest on, in 7 bits and in 8, by DATA and by BDAT', async () => {
    for (const isUnicode of [false, true]) {
      const issues = await planOrIssues(corpusOptions({ kind: 'text', size: 1, isUnicode }));
      const least = Number(/takes at least (\d+) octets/.exec((issues as string[]).join())?.[1]);
      for (let size = least; size < least + 100; size++) {
        const corpus = await corpusOf(corpusOptions({ kind: 'text', size, isUnicode }));
        for (const message of corpus.messages) expect(receivedOf(message, size)).toHaveLength(size);
        const chunked = await corpusOf(corpusOptions({ kind: 'text', size, isUnicode }, { isChunked: true }));
        for (const { headLength, body } of chunked.messages) expect(headLength + body.length).toBe(size);
      }
    }
  });

  test('of more than ASCII is UTF-8, and says so', async () => {
    const plan = await planOrIssues(corpusOptions({ kind: 'text', size: 3_000, isUnicode: true }));
    expect(plan).toMatchObject({ isEightBit: true, hasUnicodeHeaders: false });
    expect(await planOrIssues(corpusOptions(TEXT))).toMatchObject({ isEightBit: false });
    const corpus = await corpusOf(
      corpusOptions({ kind: 'text', size: { shape: 'uniform', minBytes: 500, maxBytes: 3_000 }, isUnicode: true }),
    );
    for (const message of corpus.messages) {
      const octets = receivedOf(message, 1);
      expect(splitMessage(octets).fields).toContainEqual(['content-type', 'text/plain; charset=utf-8']);
      // Throws where a character is cut in two.
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(octets, 'latin1'));
    }
  });

  test('is one of many: there are several texts of every size', async () => {
    const corpus = await corpusOf(corpusOptions(TEXT));
    const bodies = new Set(Array.from({ length: 200 }, (_, number) => splitMessage(messageAt(corpus, number)).body));
    expect(bodies.size).toBe(16);
  });
});

describe('sizes', () => {
  const drawn = async (size: Extract<CorpusSource, { kind: 'text' }>['size']): Promise<number[]> => {
    const corpus = await corpusOf(corpusOptions({ kind: 'text', size, isUnicode: false }));
    return Array.from({ length: 30_000 }, (_, number) => corpus.messageOf(number).sizeBytes);
  };
  const shareBelow = (sizes: number[], bound: number): number =>
    sizes.filter((size) => size < bound).length / sizes.length;

  test('uniform: all alike between both limits', async () => {
    const sizes = await drawn({ shape: 'uniform', minBytes: 1_000, maxBytes: 11_000 });
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(11_000);
    for (const tenth of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      expect(Math.abs(shareBelow(sizes, 1_000 + tenth * 1_000) - tenth / 10)).toBeLessThan(0.012);
    }
  });

  test('log-normal: half below the median, and the tails where they belong', async () => {
    const sizes = await drawn({ shape: 'logNormal', medianBytes: 20_000, sigma: 1, maxBytes: 1_000_000 });
    // Shares of the standard normal distribution below -2, -1, 0, 1 and 2.
    for (const [deviations, share] of [
      [-2, 0.02275],
      [-1, 0.15866],
      [0, 0.5],
      [1, 0.84134],
      [2, 0.97725],
    ] as const) {
      expect(Math.abs(shareBelow(sizes, 20_000 * Math.exp(deviations)) - share)).toBeLessThan(0.012);
    }
    expect(Math.max(...sizes)).toBeGreaterThan(300_000);
  });

  test('log-normal: within its limits', async () => {
    const sizes = await drawn({ shape: 'logNormal', medianBytes: 5_000, sigma: 2, minBytes: 2_000, maxBytes: 9_000 });
    expect(Math.min(...sizes)).toBe(2_000);
    expect(Math.max(...sizes)).toBe(9_000);
    expect(Math.abs(shareBelow(sizes, 5_000) - 0.5)).toBeLessThan(0.012);
  });

  test('a table: every size with its weight', async () => {
    const rows = [
      { bytes: 1_000, weight: 7 },
      { bytes: 4_000, weight: 0 },
      { bytes: 50_000, weight: 2 },
      { bytes: 100_000, weight: 1 },
    ];
    const sizes = await drawn({ shape: 'table', rows });
    for (const { bytes, weight } of rows) {
      expect(Math.abs(sizes.filter((size) => size === bytes).length / sizes.length - weight / 10)).toBeLessThan(0.01);
    }
  });

  test.each<[Extract<CorpusSource, { kind: 'text' }>['size'], string]>([
    [100, 'takes at least'],
    [200_000_000, 'takes at most'],
    [0, 'has to be whole numbers of octets above 0'],
    [1.5, 'has to be whole numbers of octets above 0'],
    [{ shape: 'uniform', minBytes: 5_000, maxBytes: 4_000 }, 'needs a minBytes that is not above maxBytes'],
    [{ shape: 'logNormal', medianBytes: 5_000, sigma: 0, maxBytes: 9_000 }, 'needs a sigma above 0'],
    [{ shape: 'logNormal', medianBytes: 5_000, sigma: 1, minBytes: 9_001, maxBytes: 9_000 }, 'needs a minBytes'],
    [{ shape: 'table', rows: [] }, 'has to be whole numbers of octets above 0'],
    [{ shape: 'table', rows: [{ bytes: 1_000, weight: 0 }] }, 'has weights that sum to nothing'],
    [{ shape: 'table', rows: [{ bytes: 1_000, weight: -1 }] }, 'takes weights of 0 or more'],
  ])('%j: %s', async (size, problem) => {
    const issues = await planOrIssues(corpusOptions({ kind: 'text', size, isUnicode: false }));
    expect(issues).toEqual([expect.stringContaining(`parts[0]: ${problem}`)]);
  });
});

describe('a message of a file', () => {
  test('keeps its headers and its text, but has our ids', async () => {
    const corpus = await corpusOf(
      corpusOptions(files('From: a@example.test\nMessage-ID:\n <own@example.test>\nSubject: hi\n\n.\n..\nText')),
    );
    expect(messageAt(corpus, 12)).toBe(
      'Message-ID: <000000000012.1@postrush.test>\r\nX-Postrush-Trace: 000000000012.1\r\n' +
        'From: a@example.test\r\nSubject: hi\r\n\r\n.\r\n..\r\nText\r\n',
    );
  });

  test('has the headers of the user in place of its own', async () => {
    const headers = [
      { name: 'subject', value: 'turn {{seq}}' },
      { name: 'X-Own', value: 'x' },
    ];
    const corpus = await corpusOf(
      corpusOptions(files('SUBJECT: hi\r\nTo: b@example.test\r\n\r\nText\r\n'), { headers }),
    );
    const { fields } = splitMessage(messageAt(corpus, 4));
    expect(fields.filter(([name]) => name !== 'x-postrush-pad')).toEqual([
      ['message-id', '<000000000004.1@postrush.test>'],
      ['x-postrush-trace', '000000000004.1'],
      ['subject', 'turn 5'],
      ['x-own', 'x'],
      ['to', 'b@example.test'],
    ]);
  });

  test.each<[string, string]>([
    ['text without headers', '\r\nhello\r\n'],
    ['headers alone', 'Subject: x\r\n'],
    ['octets of all kinds', 'Subject: x\r\n\r\n\0\xff\xfe.\r\n.\r\n'],
    ['no line end', 'Subject: x\r\n\r\nend'],
    ['bare CR and LF', 'Subject: x\r\r\na\rb\n.\nc'],
    ['an endless line', `Subject: x\r\n\r\n${'y'.repeat(100_000)}`],
    ['nothing but a dot', '.'],
  ])('may have %s, and its size is what is sent', async (_what, text) => {
    for (const isChunked of [false, true]) {
      const corpus = await corpusOf(corpusOptions(files(text), { isChunked }));
      const [message] = corpus.messages;
      if (isChunked) expect(message!.headLength + message!.body.length).toBe(message!.sizeBytes);
      else expect(receivedOf(message!, 3)).toContain('X-Postrush-Trace: 000000000003.1\r\n');
    }
  });

  test('is one of them, all equally often', async () => {
    const corpus = await corpusOf(corpusOptions(files('A: 1\n\n', 'A: 2\n\n', 'A: 3\n\n', 'A: 4\n\n')));
    const counts = new Map<string, number>();
    for (let number = 0; number < 8_000; number++) {
      const value = splitMessage(messageAt(corpus, number)).fields.at(-1)![1];
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(150);
    expect(counts.size).toBe(4);
  });
});

describe('a composed message', () => {
  test('has its parts, and is the same for the same seed', async () => {
    const [one, again] = [await corpusOf(corpusOptions(NEWSLETTER)), await corpusOf(corpusOptions(NEWSLETTER))];
    const messages = one.messages.map((message) => receivedOf(message, 5));
    expect(again.messages.map((message) => receivedOf(message, 5))).toEqual(messages);
    expect(new Set(messages.map((message) => splitMessage(message).body)).size).toBe(3);
    for (const message of messages) {
      const { fields, body } = splitMessage(message);
      expect(fields.map(([name]) => name)).toEqual([
        'message-id', 'from', 'to', 'date', 'subject', 'x-postrush-trace', 'x-postrush-pad', 'mime-version', 'content-type',
      ]); // prettier-ignore
      expect(fields.at(-1)![1]).toMatch(/^multipart\/mixed; boundary=postrush-1-\d-Part_1$/);
      expect(body).toContain('Content-Type: text/html; charset=utf-8');
      expect(body).toContain('filename="price list.pdf"');
      expect(body).toContain(Buffer.from('not really a picture').toString('base64'));
      expect(body).toContain('Gr=C3=BC=C3=9Fe\r\n.\r\nfrom us');
    }
  });

  test('is another one with another seed', async () => {
    const [one, other] = [
      await corpusOf(corpusOptions(NEWSLETTER)),
      await corpusOf(corpusOptions(NEWSLETTER), envelopeData({ seed: 2 })),
    ];
    expect(splitMessage(messageAt(one, 0)).body).not.toBe(splitMessage(messageAt(other, 0)).body);
  });

  test('for filters of spam has the line that they look for', async () => {
    const { body } = splitMessage(messageAt(await corpusOf(corpusOptions({ kind: 'gtube' })), 0));
    const line = body.split('\r\n').find((text) => text.includes('GTUBE'));
    expect(line).toMatch(/^XJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL\*C\.34X$/);
  });

  test('for scanners for viruses has the file that they look for', async () => {
    const { body } = splitMessage(messageAt(await corpusOf(corpusOptions({ kind: 'eicar' })), 0));
    const file = Buffer.from(/filename=eicar\.com\r\n\r\n([\w+/=\r\n]+)/.exec(body)![1]!, 'base64').toString('latin1');
    expect(file).toHaveLength(68);
    expect(file).toMatch(/^X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$EICAR-/);
  });
});

describe('a signature', () => {
  test.each<[string, CorpusSource]>([
    ['invented text', TEXT],
    [
      'text of many sizes in UTF-8',
      { kind: 'text', size: { shape: 'uniform', minBytes: 1_500, maxBytes: 3_000 }, isUnicode: true },
    ],
    ['a composed message', NEWSLETTER],
    [
      'a message of a file',
      files('From: a@example.test\r\nSubject:  two   spaces \r\n\r\n \r\n.dot\r\nend \t\r\n\r\n\r\n'),
    ],
    ['a file without a body', files('From: a@example.test\r\nSubject: x\r\n\r\n')],
    ['a file of octets', files('From: a@example.test\r\nSubject: \xe9\r\n\r\n\xff\x80\r\n')],
    ['GTUBE', { kind: 'gtube' }],
  ])('of %s holds, whatever is written per message', async (_what, source) => {
    const isFile = source.kind === 'files';
    const headers = [
      ...(isFile ? [] : [{ name: 'From', value: 'News <news@example.test>' }]),
      { name: 'Date', value: '{{now}}' },
      { name: 'X-Turn', value: '{{seq}} {{random.name}}' },
    ];
    const context = new RenderContext();
    const corpus = await corpusOf(corpusOptions(source, { headers, dkim: DKIM }), envelopeData(), context);
    for (const message of corpus.messages.slice(0, 12)) {
      for (const number of [0, 9, 12_345]) {
        context.nowMs = 1.8e12 + number * 1e6;
        const octets = receivedOf(message, number);
        expect(dkimFault(octets, publicKey)).toBeNull();
        const signed = /h=([\w:\r\n \t-]+);/.exec(octets)![1]!.replaceAll(/\s/g, '').split(':');
        expect(signed).toContain('from');
        expect(signed).not.toContain('message-id');
        expect(signed).not.toContain('date');
      }
    }
  });

  test('leaves every size as it was asked for', async () => {
    const headers = [{ name: 'From', value: 'news@example.test' }];
    const size = { shape: 'uniform', minBytes: 1_500, maxBytes: 9_000 } as const;
    const corpus = await corpusOf(corpusOptions({ kind: 'text', size, isUnicode: false }, { headers, dkim: DKIM }));
    const sizes = corpus.messages.map(({ sizeBytes }) => sizeBytes);
    expect(sizes[0]).toBe(1_533);
    expect(sizes.at(-1)).toBe(8_967);
  });

  test('is broken by any change, so that the test above means something', async () => {
    const headers = [{ name: 'From', value: 'news@example.test' }];
    const octets = messageAt(await corpusOf(corpusOptions(TEXT, { headers, dkim: DKIM })), 0);
    expect(dkimFault(octets, publicKey)).toBeNull();
    expect(dkimFault(octets.replace('news@', 'nobody@'), publicKey)).toBe('the signature is another');
    expect(dkimFault(octets.replace(/.\r\n$/, '!\r\n'), publicKey)).toBe('the body is another');
  });

  test.each<[string, CorpusSource, typeof DKIM, string]>([
    [
      'a From that differs',
      TEXT,
      DKIM,
      'parts[0]: From differs from message to message, and a signature has to cover it (RFC 6376 §5.4): make it the same',
    ],
    [
      'no From',
      files('Subject: x\n\n'),
      DKIM,
      'parts[0]: 0.eml has no From, which a signature has to cover (RFC 6376 §5.4)',
    ],
    ['no domain', TEXT, { ...DKIM, domain: 'a b' }, 'dkim: needs the domain that signs, such as example.test'],
    ['no selector', TEXT, { ...DKIM, selector: '' }, 'dkim: needs a selector, such as mail2026'],
    [
      'no key',
      TEXT,
      { ...DKIM, privateKey: 'secret' },
      'dkim: holds a private key that cannot be read: it takes PEM without passphrase',
    ],
    [
      'a key of another kind',
      TEXT,
      {
        ...DKIM,
        privateKey: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      },
      'dkim: takes an RSA key',
    ],
  ])('is refused with %s', async (_what, source, dkim, issue) => {
    expect(await planOrIssues(corpusOptions(source, { dkim }))).toEqual([issue]);
  });
});

describe('the choice of a message', () => {
  const parts = [
    { weight: 8, source: TEXT },
    { weight: 1.5, source: files('A: 1\n\n', 'A: 2\n\n', 'A: 3\n\n') },
    { weight: 0, source: NEWSLETTER },
    { weight: 0.5, source: { kind: 'gtube' } },
  ] as const;

  test('has the weights of the parts', async () => {
    const corpus = await corpusOf({ ...corpusOptions(TEXT), parts });
    const counts = { text: 0, files: 0, gtube: 0 };
    for (let number = 0; number < 20_000; number++) {
      const message = messageAt(corpus, number);
      counts[message.includes('GTUBE') ? 'gtube' : message.includes('\r\nA: ') ? 'files' : 'text']++;
    }
    expect(Math.abs(counts.text / 20_000 - 0.8)).toBeLessThan(0.01);
    expect(Math.abs(counts.files / 20_000 - 0.15)).toBeLessThan(0.01);
    expect(Math.abs(counts.gtube / 20_000 - 0.05)).toBeLessThan(0.005);
  });

  test('follows from seed and number alone: 1 worker or 4 send the same messages', async () => {
    const headers = [{ name: 'Subject', value: 'for {{people.user}} {{random.int 1 1000000}}' }];
    const feeders = [csvFeeder('people', 'user\nann\nbob\nchristopher\n', { order: 'zipf' })];
    const options = { ...corpusOptions(TEXT), parts, headers };
    const messagesOf = async (workers: number): Promise<string[]> => {
      const all: string[] = [];
      for (let worker = 0; worker < workers; worker++) {
        const corpus = await corpusOf(options, envelopeData({ seed: 9, feeders }));
        for (let number = worker; number < 300; number += workers) all.push(messageAt(corpus, number));
      }
      return all.toSorted();
    };
    const one = await messagesOf(1);
    expect(await messagesOf(4)).toEqual(one);
    expect(new Set(one).size).toBe(300);
  });
});

describe('headers', () => {
  test('whose values differ in length leave the size as it is, whatever they are', async () => {
    const value = fc.constantFrom(
      '{{seq}}',
      '{{random.int 1 1000000000}}',
      '{{people.user}}',
      'x',
      '{{random.name}}',
      ' ',
    );
    const feeders = [csvFeeder('people', `user\na\n${'b'.repeat(70)}\n${'c'.repeat(300)}\n`)];
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), fc.nat(1e9), async (values, number) => {
        const headers = values.map((text, index) => ({ name: `X-${index}`, value: `${text} ${text}` }));
        const corpus = await corpusOf(
          corpusOptions(files('A: 1\r\n\r\nbody\r\n'), { headers }),
          envelopeData({ feeders }),
        );
        const [message] = corpus.messages;
        for (const one of [number, number + 1, number + 2]) {
          const octets = receivedOf(message!, one);
          const head = octets.slice(0, octets.indexOf('\r\n\r\n'));
          expect(head.split('\r\n').every((line) => /^([\w-]+: |[ \t]+\S)/.test(line) && line.length <= 998)).toBe(
            true,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each<[{ name: string; value: string }[], string]>([
    [[{ name: 'Subject', value: 'x {{sqe}}' }], 'headers[0]: sqe is not defined: did you mean seq?'],
    [[{ name: 'Sub ject', value: 'x' }], 'headers[0]: has to be the name of a header field, without its colon'],
    [[{ name: 'Subject:', value: 'x' }], 'headers[0]: has to be the name of a header field, without its colon'],
    [
      [{ name: 'X', value: 'a\r\nBcc: everyone' }],
      'headers[0]: holds a line end or NUL, and what follows would be a command or header of its own: only raw may hold that',
    ],
    [
      [
        { name: 'X', value: 'a' },
        { name: 'x', value: 'b' },
      ],
      'headers[1]: is there already',
    ],
    [[{ name: 'X', value: 'a'.repeat(996) }], 'parts[0]: X may get longer than 998 octets, the longest line of mail'],
    [
      Array.from({ length: 20 }, (_, index) => ({ name: `X${index}`, value: 'a'.repeat(990) })),
      'parts[0]: has headers of more than 16384 octets',
    ],
  ])('%j', async (headers, issue) => {
    expect(await planOrIssues(corpusOptions(TEXT, { headers }))).toEqual([issue]);
  });

  test('of more than ASCII are told', async () => {
    const headers = [{ name: 'Subject', value: 'Grüße' }];
    expect(await planOrIssues(corpusOptions(TEXT, { headers }))).toMatchObject({ hasUnicodeHeaders: true });
  });
});

test('a corpus is bounded', async () => {
  const big: CorpusSource = {
    kind: 'composed',
    mail: {
      text: 'x',
      html: null,
      attachments: [{ name: 'a', type: null, content: { bytes: 200_000_000 } }],
      isUnicode: false,
    },
    variants: 1,
  };
  expect(await planOrIssues(corpusOptions(big))).toEqual(['parts[0]: makes more than 134217728 octets in all']);
  const many: CorpusSource = { ...NEWSLETTER, variants: 20_001 };
  expect(await planOrIssues(corpusOptions(many))).toEqual(['parts[0]: makes more than 20000 messages in all']);
  expect(await planOrIssues(corpusOptions(files()))).toEqual(['parts[0]: has no messages']);
  expect(await planOrIssues({ ...corpusOptions(TEXT), parts: [] })).toEqual(['parts: has weights that sum to nothing']);
});
