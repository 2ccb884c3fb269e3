/**
 * The built-in SMTP server: correct by default, and wrong exactly as its fault table says. Never relays, never
 * resolves a name, and listens on loopback unless told otherwise.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { PostrushError } from '../errors.js';
import { CommandRules } from './command-rules.js';
import { Credentials } from './credentials.js';
import { EnvelopeArgument } from './envelope-argument.js';
import { FaultTable } from './fault-table.js';
import { KeptMessages } from './kept-messages.js';
import type { SinkMessage } from './kept-messages.js';
import { ReplyBook } from './reply-book.js';
import { SinkConnection } from './sink-connection.js';
import { SinkCounters } from './sink-counters.js';
import type { SinkStats } from './sink-counters.js';
import { resolveSinkOptions } from './sink-options.js';
import type { SinkOptions, SinkSettings } from './sink-options.js';
import { extensionsOf, sinkReplies } from './sink-replies.js';
import type { SinkExtensions } from './sink-replies.js';
import type { SinkCore } from './sink-wire.js';

export type { SinkMessage } from './kept-messages.js';
export type { SinkStats } from './sink-counters.js';
export type { SinkOptions } from './sink-options.js';
/** @public Whoever starts a sink in a test names its faults. */
export type { FaultRow } from './sink-options.js';

/** A sink that listens. */
export interface RunningSink {
  readonly host: string;
  readonly port: number;
  /** `smtp://127.0.0.1:2525`, or `smtps://` with implicit TLS. */
  readonly url: string;
  stats(): SinkStats;
  /** The last messages, as many as `keepMessages` says; oldest first. */
  messages(): readonly SinkMessage[];
  /** Stops listening, ends all connections at once, and resolves when they are gone. May be called again. */
  close(): Promise<SinkStats>;
}

/** Connections that the kernel may hold ready to be accepted; it caps this by its own limit. */
const BACKLOG = 4096;

/**
 * Starts a sink; resolves when it listens.
 *
 * @throws PostrushError `E_CONFIG` when an option is unusable or the address cannot be listened on
 */
export async function startSink(options: SinkOptions = {}): Promise<RunningSink> {
  const settings = resolveSinkOptions(options);
  const extensions = extensionsOf(settings);
  const book = new ReplyBook(extensions.enhancedStatusCodes);
  const core = createCore(settings, book, extensions);
  const secureContext = createContext(settings);
  const connections = new Set<SinkConnection>();
  // Replies are small and written once per group: waiting for more would only delay them.
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const connection = new SinkConnection(core, socket, secureContext, () => connections.delete(connection));
    connections.add(connection);
    connection.open();
  });
  await listen(server, settings);
  // Out of file descriptors, for example: the client notices, and so do the statistics.
  server.on('error', () => core.counters.socketErrors++);

  const { address, port, family } = server.address() as AddressInfo;
  const stats = (): SinkStats => core.counters.stats(book);
  let closed: Promise<SinkStats> | null = null;
  return {
    host: address,
    port,
    url: `${settings.implicitTls ? 'smtps' : 'smtp'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    stats,
    messages: () => core.kept.list(),
    close: () => {
      closed ??= Promise.all([stopListening(server), ...[...connections].map((each) => each.destroy())]).then(stats);
      return closed;
    },
  };
}

function createCore(settings: SinkSettings, book: ReplyBook, extensions: SinkExtensions): SinkCore {
  const replies = sinkReplies(book, settings, extensions);
  const argument = new EnvelopeArgument(extensions);
  return {
    settings,
    replies,
    rules: new CommandRules(settings, extensions, replies, book, argument),
    faults: new FaultTable(settings.faults, book),
    counters: new SinkCounters(),
    credentials: new Credentials(settings.users),
    argument,
    kept: new KeptMessages(settings.keepMessages),
  };
}

function createContext({ tls }: SinkSettings): SecureContext | null {
  if (tls === null) return null;
  try {
    return createSecureContext({ key: tls.key, cert: tls.cert });
  } catch (cause) {
    throw new PostrushError('E_CONFIG', "the sink's key and certificate cannot be used: both must be PEM, and a pair", {
      cause,
    });
  }
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function listen(server: Server, { host, port }: SinkSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(
        new PostrushError('E_CONFIG', `the sink cannot listen on ${host}, port ${port}: ${cause.message}`, { cause }),
      );
    };
    server.once('error', refuse);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}
