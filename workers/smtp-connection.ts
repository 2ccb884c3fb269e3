/**
 * A connection over TCP or a unix socket that can turn into TLS, as its session sees it. Knows no SMTP.
 *
 * Plain sockets read through `onread` into one buffer per thread, and the same `net.Socket` object is connected again
 * after its close: both save much of what Node does per read and per connection (figures in benchmarks/README.md).
 */
import { Socket } from 'node:net';
import {
  connect as connectTls,
  type EphemeralKeyInfo,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { Clock } from '../src/clock.js';
import type { PinnedAddress, TlsDescription } from '../src/messages/coordinator-worker.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import type { TlsAgreement } from '../src/metrics/tls-counts.js';
import { isInShare } from '../src/plan/share.js';
import { DropHow } from '../src/scenario/compiled-script.js';
import type { LaneNumbers } from './lane-numbers.js';
import type { ProxyHeaders } from './proxy-headers.js';
import type { SendWait, Sending } from './send-watch.js';
import type { Connection, ConnectionListener } from './session-state.js';
import type { TlsTickets } from './tls-tickets.js';

/** What all plain sockets of a thread read into. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
const NOTHING = Buffer.alloc(0);

/** What all connections of a lane share. */
export interface ConnectionTools {
  readonly address: PinnedAddress;
  readonly port: number;
  /** Addresses to connect from, session by session; empty: the kernel's choice. */
  readonly localAddresses: readonly string[];
  /** What is sent before anything else; null: nothing. */
  readonly proxyHeaders: ProxyHeaders | null;
  /** Connections that we close are reset. */
  readonly resets: boolean;
  /** Concurrent sessions over all workers. */
  readonly places: number;
  /** How the lane numbers its sessions; null: it is the only one, and each place numbers its own: place, place + places, … */
  readonly numbers: LaneNumbers | null;
  readonly clock: Clock;
  /** One context for all sessions: building one costs more than a resumed handshake. Null: no TLS. */
  readonly secureContext: SecureContext | null;
  /** Share of the sessions that use STARTTLS, 0 to 100. */
  readonly tlsSharePercent: number;
  /** Null: every handshake is a full one. */
  readonly tickets: TlsTickets | null;
  /** Name for SNI; empty when the target is an address. */
  readonly serverName: string;
  /** What the certificate must be made out to when there is no server name. */
  readonly host: string;
  readonly verify: boolean;
  /** Whether somebody wants to know what TLS agreed on. */
  readonly describeTls: boolean;
  readonly hooks: ConnectionHooks;
}

/** What connections tell their worker, beside what their sessions hear. */
export interface ConnectionHooks {
  /** A connect failed for want of a file descriptor or a local port. */
  onLimit(limit: 'file' | 'port'): void;
  /** So many octets were sent that are no part of the dialogue. */
  onHeaderSent(octets: number, nowUs: number): void;
  /** Octets came at `nowUs` and were dealt with: who waits for a moment may see that it has come. Null: nobody does. */
  readonly onHeard: ((nowUs: number) => void) | null;
  /** A connection has written what the kernel did not take at once. Null: nobody asks. */
  readonly onQueued: ((connection: Sending, wasDrained: boolean) => void) | null;
  /** A TLS handshake succeeded. */
  onHandshake(beganAtUs: number, agreement: TlsAgreement): void;
}

/** A connection that its session opens again and again. */
export class SmtpConnection implements Connection, Sending {
  #tools: ConnectionTools;
  readonly #listener: ConnectionListener;
  /** Kept over closes while TLS has not been laid over it. */
  #plain: Socket | null = null;
  #secure: TLSSocket | null = null;
  /** What TLS was laid over: it alone can be reset. */
  #underTls: Socket | null = null;
  /** What octets are written to: one of the two above. */
  #stream: Socket;
  readonly place: number;
  #session: number;
  #turn: number;
  /** Sessions before the one under way. */
  visit = -1;
  sendWait: SendWait | null = null;
  /** What was written before the cork was taken. */
  #wasDrained = true;

  /** @param place - which of the concurrent sessions of the run this is, from 0 */
  constructor(tools: ConnectionTools, listener: ConnectionListener, place: number) {
    this.#tools = tools;
    this.place = place;
    this.#session = place - tools.places;
    this.#turn = place - 1;
    this.#listener = listener;
    this.#stream = this.#newSocket();
    this.#plain = this.#stream;
  }

  /** The sessions from now on are those of another lane. Call only while it is closed. */
  enter(tools: ConnectionTools): void {
    this.#tools = tools;
  }

  get session(): number {
    return this.#session;
  }

  get turn(): number {
    return this.#turn;
  }

  get isDrained(): boolean {
    return this.#stream.writableLength === 0;
  }

  get isSecure(): boolean {
    return this.#secure !== null;
  }

  get wantsTls(): boolean {
    return isInShare(this.#turn, this.#tools.tlsSharePercent);
  }

  open(): void {
    this.visit++;
    this.#secure = null;
    this.#underTls = null;
    this.#plain ??= this.#newSocket();
    this.#stream = this.#plain;
    const { address, port, localAddresses, places, numbers } = this.#tools;
    if (numbers === null) {
      this.#session += places;
      this.#turn++;
    } else {
      this.#session = numbers.nextSession();
      this.#turn = numbers.nextTurn();
    }
    if (address.family === null) {
      this.#plain.connect({ path: address.address });
      return;
    }
    const remote = { host: address.address, port, family: address.family, autoSelectFamily: false };
    if (localAddresses.length === 0) this.#plain.connect(remote);
    else
      this.#plain.connect({ ...remote, localAddress: localAddresses[this.#session % localAddresses.length] as string });
  }

  startTls(): void {
    const { secureContext, serverName, host, verify, tickets, clock, hooks } = this.#tools;
    const beganAtUs = clock.nowUs();
    const ticket = tickets?.ticketOf(this.#turn) ?? null;
    const socket = this.#plain as Socket;
    // A socket under TLS cannot be used plain again.
    this.#plain = null;
    this.#underTls = socket;
    const secure = connectTls({
      socket,
      secureContext: secureContext as SecureContext,
      servername: serverName,
      host,
      rejectUnauthorized: verify,
      ...(ticket === null ? {} : { session: ticket }),
    });
    if (tickets !== null) secure.on('session', tickets.keep);
    this.#secure = secure;
    this.#stream = secure;
    secure.once('secureConnect', () => {
      const nowUs = clock.nowUs();
      hooks.onHandshake(beganAtUs, agreementOf(secure));
      this.#listener.onTlsReady(this.#tools.describeTls ? describeTls(secure) : null, nowUs);
    });
    secure.on('data', (chunk: Buffer) => {
      this.#hear(chunk, chunk.length);
    });
    secure.on('end', this.#onEnd);
    secure.on('error', this.#onError);
    secure.on('close', this.#onClose);
  }

  write(bytes: Buffer, isShared = false): void {
    const wasDrained = this.#stream.writableLength === 0;
    // TLS may keep what it is given beyond the call, whatever it says of its queue.
    this.#stream.write(this.#secure === null || isShared ? bytes : Buffer.from(bytes));
    if (this.#stream.writableLength > 0 && this.#stream.writableCorked === 0)
      this.#tools.hooks.onQueued?.(this, wasDrained);
  }

  cork(): void {
    this.#wasDrained = this.#stream.writableLength === 0;
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
    if (this.#stream.writableLength > 0) this.#tools.hooks.onQueued?.(this, this.#wasDrained);
  }

  notifyDrained(): void {
    // An empty write queues behind the others. It is rare, so it may cost a closure; a callback per write may not.
    this.#stream.write(NOTHING, (error) => {
      // On a broken connection the callback comes as well, before the error that says so.
      if (error === undefined || error === null) this.#listener.onDrained(this.#tools.clock.nowUs());
    });
  }

  drop(how: number): void {
    const stream = this.#stream;
    const resets = how === DropHow.asPlanned ? this.#tools.resets : how === DropHow.rst;
    // What the server has closed needs no reset, and what is not connected yet would be reset only once it is.
    const isReset = resets && !stream.readableEnded && !stream.connecting && !stream.destroyed;
    if (isReset) (this.#underTls ?? stream).resetAndDestroy();
    else stream.destroy();
  }

  #newSocket(): Socket {
    const socket = new Socket({
      onread: { buffer: READ_BUFFER, callback: this.#onRead },
      // One write is one packet: without this the end of the content waits for an acknowledgement.
      noDelay: true,
    } as ConstructorParameters<typeof Socket>[0]);
    socket.on('connect', this.#onConnect);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onPlainClose);
    return socket;
  }

  readonly #onRead = (length: number, buffer: Uint8Array): boolean => {
    this.#hear(buffer, length);
    return true;
  };

  #hear(bytes: Uint8Array, length: number): void {
    const { clock, hooks } = this.#tools;
    const nowUs = clock.nowUs();
    this.#listener.onData(bytes, length, nowUs);
    hooks.onHeard?.(nowUs);
  }

  readonly #onConnect = (): void => {
    const { proxyHeaders, clock, hooks } = this.#tools;
    const nowUs = clock.nowUs();
    if (proxyHeaders !== null) {
      const header = proxyHeaders(this.#session);
      this.#stream.write(header);
      hooks.onHeaderSent(header.length, nowUs);
    }
    this.#listener.onConnected(nowUs);
  };

  readonly #onEnd = (): void => {
    this.#listener.onConnectionLost(ErrorKind.closed, 'the server closed the connection', this.#tools.clock.nowUs());
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EMFILE' || error.code === 'ENFILE') this.#tools.hooks.onLimit('file');
    else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EADDRINUSE') this.#tools.hooks.onLimit('port');
    this.#listener.onConnectionLost(
      errorKindOf(error, this.#secure !== null),
      error.message,
      this.#tools.clock.nowUs(),
    );
  };

  /** The plain socket's close is the connection's, unless TLS was laid over it. */
  readonly #onPlainClose = (): void => {
    if (this.#secure === null) this.#onClose();
  };

  readonly #onClose = (): void => {
    const nowUs = this.#tools.clock.nowUs();
    // A close without a sign before it: the session must hear of the loss first.
    this.#listener.onConnectionLost(ErrorKind.closed, 'the connection was closed', nowUs);
    this.#listener.onClosed(nowUs);
  };
}

/** The kind under which a socket's error is counted. */
function errorKindOf(error: NodeJS.ErrnoException, isSecure: boolean): number {
  switch (error.code) {
    case 'ECONNREFUSED':
    // What a full queue of a listening unix socket says (unix(7), connect(2)); over TCP it would be silence.
    case 'EAGAIN':
      return ErrorKind.refused;
    case 'ECONNRESET':
    case 'EPIPE':
      return ErrorKind.reset;
    case 'ETIMEDOUT':
      return ErrorKind.timeout;
    case 'EMFILE':
    case 'ENFILE':
    case 'EADDRNOTAVAIL':
    // The address to connect from has no free port left.
    case 'EADDRINUSE':
    case 'ENOBUFS':
      return ErrorKind.limit;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'EACCES':
    case 'EPERM':
      return ErrorKind.unreachable;
    default:
      // What has no errno of the network comes from OpenSSL or from the check of the certificate.
      return isSecure ? ErrorKind.tls : ErrorKind.unreachable;
  }
}

function agreementOf(secure: TLSSocket): TlsAgreement {
  // Empty where no key was exchanged, and null on the side of a server.
  const key: Partial<EphemeralKeyInfo> = secure.getEphemeralKeyInfo() ?? {};
  return {
    protocol: secure.getProtocol() ?? 'unknown',
    cipher: secure.getCipher().name,
    // Groups without a name are those of Diffie-Hellman over primes.
    group: key.name ?? (key.size === undefined ? null : `${key.type ?? 'DH'}-${String(key.size)}`),
    resumed: secure.isSessionReused(),
  };
}

function describeTls(secure: TLSSocket): TlsDescription {
  // A server may have no certificate at all; Node then gives an empty object.
  const certificate: Partial<PeerCertificate> = secure.getPeerCertificate();
  const nameOf = (entity: PeerCertificate['subject'] | undefined): string | null => {
    const name = entity?.CN ?? entity?.O;
    return name === undefined ? null : String(name);
  };
  return {
    protocol: secure.getProtocol() ?? 'unknown',
    cipher: secure.getCipher().name,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validTo: certificate.valid_to ?? null,
  };
}
