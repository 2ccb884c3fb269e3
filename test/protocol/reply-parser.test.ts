import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES, ReplyParser } from '../../src/protocol/reply-parser.js';
import type { ParserFactory } from '../support/reply-corpus.js';
import type { MalformedKind, ReplySink } from '../../src/protocol/reply-parser.js';
import { eventsOf, faultsInCorpus, RecordingSink, REPLY_CORPUS } from '../support/reply-corpus.js';

const plain = (sink: ReplySink): ReplyParser => new ReplyParser(sink);
const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function send(parser: ReplyParser, text: string): void {
  parser.execute(octets(text), text.length);
}

const firstFault = (create: ParserFactory): string | undefined =>
  faultsInCorpus(create).next().value as string | undefined;

/** A sink that does something on the first reply, line or complaint, besides writing down. */
class ActingSink extends RecordingSink {
  readonly #act: (parser: ReplyParser) => void;
  readonly #on: 'line' | 'reply' | 'malformed';

  constructor(on: 'line' | 'reply' | 'malformed', act: (parser: ReplyParser) => void) {
    super();
    this.#on = on;
    this.#act = act;
  }

  override onReplyLine(parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void {
    super.onReplyLine(parser, buffer, start, end);
    if (this.#on === 'line' && this.events.length === 1) this.#act(parser);
  }

  override onReply(parser: ReplyParser): void {
    super.onReply(parser);
    if (this.#on === 'reply' && this.events.length === 1) this.#act(parser);
  }

  override onMalformed(parser: ReplyParser, kind: MalformedKind, sample: string): void {
    super.onMalformed(parser, kind, sample);
    if (this.#on === 'malformed') this.#act(parser);
  }
}

describe('the reply corpus', () => {
  test('is read as written down: whole, octet by octet, cut at every place and beside every neighbour', () => {
    expect(REPLY_CORPUS.length).toBeGreaterThan(60);
    expect([...faultsInCorpus(plain)]).toEqual([]);
  });

  test('catches a parser that forgets what the last chunk began', () => {
    class Forgetful extends ReplyParser {
      override execute(chunk: Uint8Array, length: number): void {
        if (this.code !== 0) this.reset();
        super.execute(chunk, length);
      }
    }
    expect(firstFault((sink) => new Forgetful(sink))).toBeDefined();
  });

  test('catches a parser that reads one reply per chunk', () => {
    class OneByOne extends ReplyParser {
      override execute(chunk: Uint8Array, length: number): void {
        const lineFeed = chunk.subarray(0, length).indexOf(10);
        super.execute(chunk, lineFeed < 0 ? length : lineFeed + 1);
      }
    }
    expect(firstFault((sink) => new OneByOne(sink))).toBeDefined();
  });

  test('catches a parser that keeps the chunk instead of copying from it', () => {
    class Lazy extends ReplyParser {
      #previous: Uint8Array = new Uint8Array(0);

      override execute(chunk: Uint8Array, length: number): void {
        // Parses each chunk one call late, when its buffer has been used again.
        super.execute(this.#previous, this.#previous.length);
        this.#previous = chunk.subarray(0, length);
        if (length < 3) super.execute(chunk, length);
      }
    }
    expect(firstFault((sink) => new Lazy(sink))).toBeDefined();
  });

  test('catches a parser that takes no notice of enhanced codes', () => {
    const create = (sink: ReplySink): ReplyParser =>
      new ReplyParser({
        onReplyLine: sink.onReplyLine.bind(sink),
        onMalformed: sink.onMalformed.bind(sink),
        onReply: (parser) => {
          parser.enhanced = 0;
          sink.onReply(parser);
        },
      });
    expect(firstFault(create)).toBeDefined();
  });
});

describe('a reply parser', () => {
  test('hands out lines only while they are wanted', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    send(parser, '250-a\r\n250 b\r\n');
    parser.wantsLines = true;
    send(parser, '250-c\r\n250 d\r\n');
    parser.wantsLines = false;
    send(parser, '250 e\r\n');
    expect(sink.events).toEqual(['250 - x2 "b"', 'line 250 1 "c"', 'line 250 2 "d"', '250 - x2 "d"', '250 - x1 "e"']);
  });

  test('hands out an empty text as an empty range, also where the line is shorter than a code and a separator', () => {
    const ranges: number[] = [];
    const sink = new RecordingSink();
    sink.onReplyLine = (_parser, _buffer, start, end) => ranges.push(end - start);
    const parser = new ReplyParser(sink);
    parser.wantsLines = true;
    for (const chunk of ['250\n', '250\r\n', '250 \n', '250 \r\n', '250', '\n', '250', '\r', '\n']) send(parser, chunk);
    expect(ranges).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('hands out a line of any length whole, also when it came in pieces', () => {
    const text = Array.from({ length: 8_000 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
    for (const cuts of [[], [3], [300], [500, 520, 1_000, 7_999], [512], [513]]) {
      expect(eventsOf(plain, `250 ${text}\r\n`, cuts)[0]).toBe(`line 250 1 "${text}"`);
    }
  });

  test('reads no further than the valid part of a chunk', () => {
    const sink = new RecordingSink();
    new ReplyParser(sink).execute(octets('250 a\r\n250 old\r\n'), 7);
    expect(sink.events).toEqual(['250 - x1 "a"']);
  });

  test('reads a chunk that is a window into a larger buffer', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    parser.execute(octets('xxxx250 2.1.0 Ok\r\nHTTP').subarray(4), 14);
    parser.execute(octets('yyyyHTTP').subarray(4), 4);
    expect(sink.events).toEqual(['250 2.1.0 x1 "2.1.0 Ok"', 'malformed "HTTP"']);
  });

  test('says how many octets of the chunk follow a reply', () => {
    const seen: number[] = [];
    const sink = new RecordingSink();
    sink.onReply = (parser) => seen.push(parser.bytesAfter);
    const parser = new ReplyParser(sink);
    send(parser, '220 go\r\n');
    send(parser, '220 go\r\n250 injected\r\n');
    send(parser, '220 g');
    send(parser, 'o\r\n25');
    send(parser, '0\r\n');
    expect(seen).toEqual([0, 14, 0, 2, 0]);
  });

  test('does not carry the enhanced code of one reply into the next', () => {
    const sink = new RecordingSink();
    send(new ReplyParser(sink), '250 2.1.0 a\r\n250 b\r\n');
    expect(sink.events).toEqual(['250 2.1.0 x1 "2.1.0 a"', '250 - x1 "b"']);
  });

  test('has a text only while it reports a reply', () => {
    const parser = new ReplyParser(new RecordingSink());
    send(parser, '250 Ok\r\n');
    expect(parser.text()).toBe('');
  });

  test('says that a stream is garbage at the first octet that fits nowhere, without waiting for a line end', () => {
    const sink = new RecordingSink();
    send(new ReplyParser(sink), '\x16\x03');
    expect(sink.events).toEqual(['malformed "\x16\x03"']);
  });

  test('buffers no more than the cap of a line that never ends', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    const chunk = new Uint8Array(65_536).fill(120);
    const before = process.memoryUsage().arrayBuffers;
    send(parser, '250 ');
    for (let sent = 0; sent < 10_000_000; sent += chunk.length) parser.execute(chunk, chunk.length);
    expect(sink.events).toEqual([`overlong "250 ${'x'.repeat(156)}"`]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MAX_REPLY_LINE_OCTETS);
  });

  test('reads as many replies as there are, however many lines they have together', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    for (let round = 0; round < 3; round++) send(parser, `${'250-x\r\n'.repeat(MAX_REPLY_LINES - 1)}250 x\r\n`);
    expect(sink.events).toHaveLength(3);
    expect(parser.code).toBe(250);
  });

  test('keeps no chunk alive, neither after a reply nor with a line half read', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const parser = new ReplyParser(new RecordingSink());
    const feed = (text: string): WeakRef<Uint8Array> => {
      const chunk = new Uint8Array(octets(text));
      parser.execute(chunk, chunk.length);
      return new WeakRef(chunk);
    };
    const chunks = [feed('250 Ok\r\n'), feed('250-half'), feed(' read\r\n250'), feed(' x\r\n'), feed('250 y')];
    // A WeakRef holds its target until the job that made it is over.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(chunks.map((chunk) => chunk.deref())).toEqual(chunks.map(() => undefined));
    expect(parser.code).toBe(250);
  });

  test('does not mix the lines of parsers that straddle chunks at the same time', () => {
    const sinks = Array.from({ length: 100 }, () => new RecordingSink());
    const parsers = sinks.map((sink) => new ReplyParser(sink));
    for (const part of ['25', '0 a', 'b', '\r', '\n25', '0 c\r\n']) {
      parsers.forEach((parser, index) => send(parser, part.replace('b', `b${index}`)));
    }
    sinks.forEach((sink, index) => expect(sink.events).toEqual([`250 - x1 "ab${index}"`, '250 - x1 "c"']));
  });
});

describe('halt', () => {
  test.each(['line', 'reply'] as const)('from the report of a %s ends the parsing at once', (on) => {
    const sink = new ActingSink(on, (parser) => parser.halt());
    const parser = new ReplyParser(sink);
    parser.wantsLines = on === 'line';
    send(parser, '250 a\r\n250 b\r\n');
    send(parser, '250 c\r\n');
    expect(sink.events).toEqual([on === 'line' ? 'line 250 1 "a"' : '250 - x1 "a"']);
  });

  test('holds until reset, which begins anew', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    send(parser, '250 a\r\n250-ha');
    parser.halt();
    send(parser, 'lf\r\n');
    parser.reset();
    send(parser, '220 b\r\n');
    expect(sink.events).toEqual(['250 - x1 "a"', '220 - x1 "b"']);
  });

  test('is what a parser does to itself when it cannot understand', () => {
    const sink = new RecordingSink();
    const parser = new ReplyParser(sink);
    send(parser, 'garbage');
    send(parser, '250 a\r\n');
    expect(sink.events).toEqual(['malformed "garbage"']);
  });
});

describe('reset', () => {
  test.each(['2', '25', '250', '250-', '250\r', '250 te', '250-te\r', '250-line\r\n', '250-line\r\n250 te'])(
    'forgets what was half read: %j',
    (half) => {
      const sink = new RecordingSink();
      const parser = new ReplyParser(sink);
      send(parser, half);
      parser.reset();
      send(parser, '354 go\r\n');
      expect(sink.events).toEqual(['354 - x1 "go"']);
    },
  );

  test('forgets the last reply', () => {
    const parser = new ReplyParser(new RecordingSink());
    send(parser, '550 5.1.1 no\r\n25');
    parser.reset();
    expect([parser.code, parser.enhanced, parser.lineCount, parser.bytesAfter]).toEqual([0, 0, 0, 0]);
  });

  test.each(['line', 'reply', 'malformed'] as const)(
    'from the report of a %s drops the rest of that chunk only',
    (on) => {
      const sink = new ActingSink(on, (parser) => parser.reset());
      const parser = new ReplyParser(sink);
      parser.wantsLines = on === 'line';
      send(parser, on === 'malformed' ? '?\r\n250 injected\r\n25' : '220 a\r\n250 injected\r\n25');
      const before = sink.events.length;
      parser.wantsLines = false;
      send(parser, '354 b\r\n');
      expect(before).toBe(1);
      expect(sink.events.slice(1)).toEqual(['354 - x1 "b"']);
    },
  );

  test('from a report about a line that straddled chunks spoils no other line', () => {
    const sink = new ActingSink('reply', (parser) => parser.reset());
    const other = new RecordingSink();
    const parser = new ReplyParser(sink);
    const otherParser = new ReplyParser(other);
    send(parser, '220 fir');
    send(parser, 'st\r\n');
    send(parser, '220 sec');
    send(otherParser, '250 oth');
    send(parser, 'ond\r\n');
    send(otherParser, 'er\r\n');
    expect(sink.events).toEqual(['220 - x1 "first"', '220 - x1 "second"']);
    expect(other.events).toEqual(['250 - x1 "other"']);
  });

  test('lets a callback feed the parser again', () => {
    const sink = new ActingSink('reply', (parser) => {
      parser.reset();
      send(parser, '250 inner\r\n');
    });
    send(new ReplyParser(sink), '220 outer\r\n250 dropped\r\n');
    expect(sink.events).toEqual(['220 - x1 "outer"', '250 - x1 "inner"']);
  });
});

test('feeding a parser from within its own callback is refused', () => {
  const sink = new ActingSink('reply', (parser) => send(parser, '250 inner\r\n'));
  expect(() => send(new ReplyParser(sink), '250 outer\r\n')).toThrow('not fed from within its own callbacks');
});
