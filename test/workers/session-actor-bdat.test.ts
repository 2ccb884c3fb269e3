/** Content by BDAT (RFC 3030): in one chunk or in many, grouped or each for itself. */
import { describe, expect, test } from 'vitest';
import { LARGEST_COPIED_BODY } from '../../workers/outbox.js';
import type { EngineOptions } from '../support/engine-plan.js';
import { EngineSession } from '../support/engine-session.js';

const SIZE = 1000;

/** After the replies to MAIL and RCPT; the content is on its way. */
function atContent(options: EngineOptions = {}, messages = 1): EngineSession {
  const session = new EngineSession({ size: SIZE, bdat: true, ...options }, { messages });
  session.opened('PIPELINING', 'CHUNKING');
  session.take();
  return session.says('250 ok', '250 ok');
}

/** Splits writes into commands and octets; gives the sizes of chunks and all octets of content. */
function chunksOf(writes: readonly string[]): { sizes: string[]; content: string; rest: string } {
  let rest = writes.join('');
  const sizes: string[] = [];
  let content = '';
  for (;;) {
    const [line, octets, last] = /^BDAT (\d+)( LAST)?\r\n/.exec(rest) ?? [];
    if (line === undefined) return { sizes, content, rest };
    sizes.push(`${octets ?? ''}${last ?? ''}`);
    content += rest.slice(line.length, line.length + Number(octets));
    rest = rest.slice(line.length + Number(octets));
  }
}

describe('content by BDAT', () => {
  test('is one chunk behind the envelope, without DATA, dots and a final dot, QUIT behind it', () => {
    const session = atContent();
    const writes = session.take();
    expect(writes).toHaveLength(1);
    const { sizes, content, rest } = chunksOf(writes);
    expect(sizes).toEqual([`${SIZE} LAST`]);
    expect(content).toMatch(/^Message-ID: <000000000000[^]*\r\n\r\n[^]*\r\n$/);
    expect(rest).toBe('QUIT\r\n');
    session.says('250 queued', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, endings: ['completed'], errors: [] });
    expect(session.sent).toMatchObject({ transfer: 1, endOfData: 1 });
    expect(session.sent).not.toHaveProperty('data');
  });

  test.each([
    [100, 10],
    [333, 4],
    [999, 2],
    [1000, 1],
    [5000, 1],
  ])('in chunks of %d octets are %d, all in one write where PIPELINING is offered', (bdat, count) => {
    const session = atContent({ bdat });
    const { sizes, content, rest } = chunksOf(session.take());
    expect(sizes).toHaveLength(count);
    expect(sizes.at(-1)).toMatch(/ LAST$/);
    expect(sizes.slice(0, -1).every((size) => size === String(bdat))).toBe(true);
    expect(content).toHaveLength(SIZE);
    expect(rest).toBe('QUIT\r\n');
    session
      .says(...new Array<string>(count - 1).fill('250 chunk'), '250 queued', '221 bye')
      .lost()
      .closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, endings: ['completed'] });
    expect(session.sent['bdat'] ?? 0).toBe(count - 1);
  });

  test('each chunk waits for the reply to the one before it without PIPELINING', () => {
    const session = new EngineSession({ size: SIZE, bdat: 400, pipelining: 'off' }).opened('CHUNKING');
    session.says('250 ok').says('250 ok');
    session.take();
    const parts: string[] = [];
    const first = chunksOf([session.connection.writes.at(-1) ?? '']);
    parts.push(first.content);
    expect(first.sizes).toEqual(['400']);
    expect(session.inFlight).toEqual({ bdat: 1, transfer: 1 });
    for (const [reply, size] of [
      ['250 one', '400'],
      ['250 two', '200 LAST'],
    ] as const) {
      session.says(reply);
      const next = chunksOf(session.take());
      expect(next.sizes).toEqual([size]);
      parts.push(next.content);
    }
    expect(parts.join('')).toHaveLength(SIZE);
    session.says('250 queued').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 } });
    expect(session.pipelined).toEqual({});
  });

  test('has the same octets as by DATA, whatever the chunks', () => {
    const byData = new EngineSession({ size: SIZE }).opened('PIPELINING').says('250 ok', '250 ok', '354 go');
    const [write = ''] = byData.take().slice(-1);
    const plain = write.slice(0, write.indexOf('\r\n.\r\n') + 2);
    for (const bdat of [true, 7, 64, 512] as const) {
      const session = atContent({ bdat, subject: 'postrush load test' });
      const writes = session.take();
      let { content } = chunksOf(writes);
      while (content.length < SIZE) {
        const waiting = session.inFlight['bdat'] ?? 0;
        session.says(...new Array<string>(waiting).fill('250 chunk'));
        content += chunksOf(session.take()).content;
      }
      expect(content).toBe(plain);
    }
  });

  test('that is large is not copied, and is whole all the same', () => {
    const size = LARGEST_COPIED_BODY * 5;
    for (const bdat of [true, LARGEST_COPIED_BODY * 2, 50_000] as const) {
      const session = atContent({ size, bdat });
      const { content, rest } = chunksOf(session.take());
      expect(content).toHaveLength(size);
      expect(content).toMatch(/^Message-ID: <000000000000/);
      expect(rest).toBe('QUIT\r\n');
      expect(session.counts().bytesSent).toBe(session.connection.sent.length);
      session.destroy();
    }
  });

  test('whose chunk is refused in lock-step sends no more of it, and RSET before the next message', () => {
    const session = new EngineSession({ size: SIZE, bdat: 400, pipelining: 'off' }, { messages: 2 });
    session.opened('CHUNKING').says('250 ok').says('250 ok').take();
    session.says('552 too big');
    expect(session.take()).toEqual(['RSET\r\n']);
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: ['transfer earlyReply x1'] });
    session.says('250 reset');
    expect(session.take().join('')).toMatch(/^MAIL FROM/);
  });

  test('whose chunk is refused in a group is refused once, and RSET follows the last reply', () => {
    const session = atContent({ bdat: 400 }, 2);
    session.take();
    session.says('452 no room', '503 no', '503 no');
    expect(session.messages).toEqual({ deferred: 1 });
    expect(session.take().join('')).toMatch(/^RSET\r\nMAIL FROM/);
  });

  test('is not sent when every recipient was refused', () => {
    const session = new EngineSession({ bdat: true }).opened('PIPELINING', 'CHUNKING').says('250 ok', '550 never');
    expect(session.take().at(-1)).toBe('RSET\r\nQUIT\r\n'.slice(6));
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, endings: ['completed'] });
  });

  test('that the kernel does not take waits for it, and times the end from there', () => {
    const session = new EngineSession({ size: SIZE, bdat: true, pipelining: 'off' }).opened('CHUNKING');
    session.says('250 ok');
    session.connection.isBlocked = true;
    session.says('250 ok');
    expect(session.inFlight).toEqual({ transfer: 1 });
    session.passes(50_000).drained();
    expect(session.inFlight).toEqual({ endOfData: 1 });
    session.says('250 queued');
    expect(session.latencyOf('endOfData')).toBe(1_000);
  });

  test('in a group has the deadline of the oldest chunk without a reply', () => {
    const session = atContent({ bdat: 400, timeouts: ['bdat=7s', 'endOfData=9s'] });
    expect(session.inFlight).toMatchObject({ bdat: 2, endOfData: 1 });
    expect(session.deadlineInUs).toBe(7e6);
    session.says('250 chunk', '250 chunk');
    expect(session.deadlineInUs).toBe(9e6);
  });

  test.each([
    ['in place of its reply', ['421 leaving']],
    ['behind its reply', ['250 chunk', '421 leaving']],
  ])('whose server shuts down %s, in lock-step, has failed its transfer', (_, replies) => {
    const session = new EngineSession({ size: SIZE, bdat: 400, pipelining: 'off' }).opened('CHUNKING');
    session
      .says('250 ok')
      .says('250 ok')
      .says(...replies)
      .lost()
      .closed();
    expect(session.summary).toMatchObject({
      messages: { deferred: 1 },
      errors: ['transfer earlyReply x1'],
      endings: ['failed'],
    });
  });

  test('goes to no server that does not offer CHUNKING', () => {
    const session = new EngineSession({ bdat: true }).opened('PIPELINING');
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['mail notOffered x1'],
      endings: ['failed'],
    });
  });
});
