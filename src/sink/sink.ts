/**
 * The built-in SMTP server: correct by default, and wrong exactly as its fault table says. Never relays, never
 * resolves a name, and listens on loopback unless told otherwise.
 */
import type { Socket } from 'node:net';
import { assert } from '../assert.js';
import { LocalArbiter } from './arbiter.js';
import type { Arbiter } from './arbiter.js';
import { CommandRules } from './command-rules.js';
import { Credentials } from './credentials.js';
import type { Secrets } from './credentials.js';
import { EnvelopeArgument } from './envelope-argument.js';
import { ForcedOutcomes } from './forced-outcome.js';
import { prepareFaults } from './fault-play.js';
import { ContentBudget } from './content-budget.js';
import { KeptMessages } from './kept-messages.js';
import type { SinkMessage } from './kept-messages.js';
import { parseListenAddress } from './listen-address.js';
import type { ListenAddress } from './listen-address.js';
import { MessageArchive, openArchive } from './message-archive.js';
import type { ArchiveRange } from './message-archive.js';
import { OpenConnections } from './open-connections.js';
import { policyReplies } from './policy-replies.js';
import { ReplyBook } from './reply-book.js';
import { ScramKeys } from './sasl/scram-keys.js';
import { SecondSeries } from './second-series.js';
import { sessionRows } from './session-faults.js';
import { SinkConnection } from './sink-connection.js';
import { SinkCounters } from './sink-counters.js';
import type { SinkStats } from './sink-counters.js';
import { listenOn } from './sink-listener.js';
import type { SinkListener } from './sink-listener.js';
import { resolveSinkOptions } from './sink-options.js';
import type { SinkOptions, SinkSettings } from './sink-options.js';
import { SinkTlsContext } from './sink-tls.js';
import { extensionsOf, hasEnhancedCodes, sinkReplies } from './sink-replies.js';
import type { SinkCore } from './sink-wire.js';

export type { SinkMessage } from './kept-messages.js';
export type { AddedDelay } from './added-delays.js';
export type { Delay } from '../delay.js';
export type { ArchiveStats } from './message-archive.js';
export type { SinkSecond } from './second-series.js';
export type { SinkReplyRow, SinkStats, SinkTlsRow } from './sink-counters.js';
export type { SinkOptions, SinkTls, SinkTlsVersion } from './sink-options.js';
export type { FaultRow } from './sink-options.js';

/** A sink that listens. */
export interface RunningSink {
  /** Port of the first address; 0 for a unix socket. */
  readonly port: number;
  /** The first address as a target: `smtp://127.0.0.1:2525`. */
  readonly url: string;
  /** All addresses as targets, in the order of `listen`. */
  readonly urls: readonly string[];
  stats(): SinkStats;
  /** How many connections are open. */
  readonly openNow: () => number;
  /** The last messages, as many as `keepMessages` says; oldest first. */
  messages(): readonly SinkMessage[];
  /** Stops listening, ends all connections at once, and resolves when they are gone. May be called again. */
  close(): Promise<SinkStats>;
}

/**
 * Starts a sink; resolves when it listens.
 *
 * @throws PostrushError `E_CONFIG` when an option is unusable or the address cannot be listened on
 */
export async function startSink(options: SinkOptions = {}): Promise<RunningSink> {
  const settings = resolveSinkOptions(options);
  const { save } = settings;
  return startSinkPart(settings, {
    arbiterFor: (nowMs) => new LocalArbiter(settings, nowMs),
    archive: save === null ? null : openArchive(save.folder, save.messages),
  });
}

/** What the processes of one sink share. */
export interface SinkSharing {
  /** @param nowMs - ms since the start */
  readonly arbiterFor: (nowMs: () => number) => Arbiter;
  /** Where messages are saved; null: nowhere. */
  readonly archive: ArchiveRange | null;
}

/**
 * Starts a sink that may be one of several processes.
 *
 * @throws PostrushError `E_CONFIG` when an address cannot be listened on
 */
export async function startSinkPart(settings: SinkSettings, sharing: SinkSharing): Promise<RunningSink> {
  const secure = settings.tls === null ? null : new SinkTlsContext(settings.tls);
  const connections = new OpenConnections<SinkConnection>();
  const common = commonCore(settings, sharing);
  const listeners: SinkListener[] = [];
  const close = async (): Promise<void> => {
    const ended = connections.all().map((each) => each.destroy());
    await Promise.all([...listeners.map((each) => each.close()), ...ended]);
  };
  try {
    for (const address of addressesOf(settings)) {
      const core = coreAt(address, common);
      const accept = (socket: Socket): void => {
        const connection = new SinkConnection(core, socket, secure, () => connections.remove(connection));
        connections.add(connection);
        connection.open();
      };
      // A connection that could not be accepted: the client notices, and so do the statistics.
      listeners.push(await listenOn(address, accept, () => common.counters.socketErrors++));
    }
  } catch (error) {
    await close();
    throw error;
  }

  const urls = listeners.map((each) => each.url);
  const series = new SecondSeries(() => common.counters);
  const ticker = setInterval(() => series.tick(common.elapsedMs() / 1000), 1000).unref();
  const stats = (): SinkStats =>
    common.counters.stats(common.book, common.archive?.stats() ?? null, series.rows(common.elapsedMs() / 1000));
  let closed: Promise<SinkStats> | null = null;
  return {
    port: listeners[0]?.port ?? 0,
    url: urls[0] ?? '',
    urls,
    stats,
    openNow: () => common.counters.open,
    messages: () => common.kept.list(),
    close: () => {
      clearInterval(ticker);
      closed ??= close().then(stats);
      return closed;
    },
  };
}

/** What the sessions of all addresses share. */
type CommonCore = Pick<
  SinkCore,
  | 'settings'
  | 'arbiter'
  | 'faults'
  | 'sessionRows'
  | 'policyReplies'
  | 'forced'
  | 'counters'
  | 'sasl'
  | 'kept'
  | 'archive'
  | 'budget'
> & {
  readonly book: ReplyBook;
  /** Since the sink's start. */
  readonly elapsedMs: () => number;
};

/**
 * What a session needs that has no socket.
 *
 * @param secrets - in place of those of the users of the options
 */
export function memoryCore(options: SinkOptions, secrets: Secrets): SinkCore {
  const settings = resolveSinkOptions(options);
  const [address] = addressesOf(settings);
  assert(address !== undefined, 'settings have an address');
  const arbiterFor = (nowMs: () => number): LocalArbiter => new LocalArbiter(settings, nowMs);
  return coreAt(address, commonCore(settings, { arbiterFor, archive: null }, secrets));
}

function commonCore(
  settings: SinkSettings,
  { arbiterFor, archive }: SinkSharing,
  credentials: Secrets = new Credentials(settings.users),
): CommonCore {
  const startedMs = performance.now();
  const nowMs = (): number => performance.now() - startedMs;
  const book = new ReplyBook(hasEnhancedCodes(settings));
  return {
    settings,
    book,
    elapsedMs: nowMs,
    arbiter: arbiterFor(nowMs),
    faults: prepareFaults(settings.faults, book),
    sessionRows: sessionRows(settings.faults),
    policyReplies: policyReplies(book, settings),
    forced: settings.forcedOutcomes ? new ForcedOutcomes(book) : null,
    counters: new SinkCounters(),
    sasl: { credentials, scramKeys: new ScramKeys(credentials), hostName: settings.name, book },
    kept: new KeptMessages(settings.keepMessages),
    archive: archive === null ? null : new MessageArchive(archive),
    budget: settings.keepMessages > 0 || archive !== null ? new ContentBudget() : null,
  };
}

function coreAt(address: ListenAddress, { book, elapsedMs: _elapsedMs, ...common }: CommonCore): SinkCore {
  const extensions = extensionsOf(common.settings, address);
  const replies = sinkReplies(book, common.settings, extensions);
  const argument = new EnvelopeArgument(extensions);
  const rules = new CommandRules(common.settings, extensions, replies, book, argument);
  return { ...common, isLmtp: address.isLmtp, implicitTls: address.implicitTls, replies, rules, argument };
}

function addressesOf(settings: SinkSettings): ListenAddress[] {
  return settings.listen.flatMap((text) => {
    const address = parseListenAddress(text);
    return 'problem' in address ? [] : [address];
  });
}
