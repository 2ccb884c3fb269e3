/** Checks servers with the built engine, and servers that say whatever a test wants. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { resolveCheckPlan, type CheckOptions, type LimitSearch } from '../../src/plan/check-plan.js';
import { checkJsonSchema, type CheckResult } from '../../src/report/check-schema.js';
import type { RunningSink, SinkOptions, SinkStats } from '../../src/sink/sink.js';
import { checkTarget } from './integration-build.js';
import { openSink } from './integration-run.js';

const validate = new Ajv2020({ allErrors: true }).compile(checkJsonSchema());
/** How long the sink may take to notice that the last connection is gone. */
const SETTLE_MS = 500;
/** Commands that the sink counts under a name of its own. */
const OTHER_STEPS = new Set(['greeting', 'session', 'transfer', 'connect', 'tls', 'endOfData', 'content']);

/** Checks a server; the result fits its schema. */
export async function check(
  target: string,
  options: Partial<CheckOptions> = {},
  limits: LimitSearch = 'none',
  stop?: AbortSignal,
): Promise<CheckResult> {
  const result = await checkTarget(resolveCheckPlan({ target, ...options }, limits), { stop });
  const written = JSON.parse(JSON.stringify(result)) as object;
  expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
  return result;
}

/** Checks a sink of its own: the sink has seen as much as the check says that it sent. */
export async function checkSink(
  sinkOptions: SinkOptions = {},
  options: Partial<CheckOptions> = {},
  limits: LimitSearch = 'none',
): Promise<{ result: CheckResult; sink: RunningSink; stats: SinkStats }> {
  const sink = await openSink(sinkOptions);
  const result = await check(sink.url, options, limits);
  const deadline = Date.now() + SETTLE_MS;
  while (sink.stats().open > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  const stats = sink.stats();
  const seen = Object.entries(stats.commands).reduce((sum, [step, n]) => sum + (OTHER_STEPS.has(step) ? 0 : n), 0);
  expect({ sessions: result.traffic.sessions, commands: result.traffic.commands, open: 0 }).toEqual({
    sessions: stats.connections,
    commands: seen,
    open: stats.open,
  });
  return { result, sink, stats };
}

/** A server that says whatever `serve` writes; it ends with the test. */
export async function openServer(serve: (socket: Socket) => void): Promise<string> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    }),
  );
}

/** Lets a server listen until the test is over. @returns its target */
export async function listen(server: Server, scheme = 'smtp'): Promise<string> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers line by line, and leaves at QUIT; null ends the connection, an empty text is silence. */
export function openTalker(answer: (line: string, socket: Socket) => string | null): Promise<string> {
  return openServer((socket) => {
    let unread = '';
    const say = (text: string | null): void => {
      if (text === null) socket.end();
      else if (text !== '') socket.write(text);
    };
    say(answer('', socket));
    socket.on('data', (chunk: Buffer) => {
      unread += chunk.toString('latin1');
      for (let end = unread.indexOf('\r\n'); end >= 0; end = unread.indexOf('\r\n')) {
        const line = unread.slice(0, end);
        unread = unread.slice(end + 2);
        say(line === 'QUIT' ? '221 bye\r\n' : answer(line, socket));
        if (line === 'QUIT') socket.end();
      }
    });
  });
}
