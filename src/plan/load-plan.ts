/** The plan of a run: complete, frozen, serialisable. Types only; `resolve-plan.ts` makes one from what a user wrote. */

import type { CorpusPlan } from '../data/corpus/corpus-plan.js';
import type { FeederPlan } from '../data/feeder.js';
import type { FunctionsPlan } from '../data/scenario-functions.js';
import type { Delay } from '../delay.js';
import type { CredentialsOrder } from './accounts.js';
import type { ProfileSegment } from './load-profile.js';
import type { AuthChoice } from './read-auth.js';
import type { ScriptStep } from './script-steps.js';

/** Whether TLS is used, and how it begins. */
export type TlsMode = 'off' | 'opportunistic' | 'required' | 'implicit';

/** How far commands are grouped (RFC 2920). */
export type PipeliningMode = 'auto' | 'on' | 'off' | 'across' | 'force';

/** Where the load goes. */
export interface TargetPlan {
  /** As reports print it: `smtp://127.0.0.1:2525`, `smtp+unix:/run/mail.sock`. */
  readonly url: string;
  readonly protocol: 'smtp' | 'lmtp';
  /** Host name or address literal without brackets, as written; empty with a unix socket. */
  readonly host: string;
  /** 0 with a unix socket. */
  readonly port: number;
  /** Absolute path of a unix socket; null: the target is a host. */
  readonly path: string | null;
  /** The host is a domain, and its MX records name the hosts. */
  readonly isMx: boolean;
}

/** A target and its part of the sessions. */
export interface WeightedTarget extends TargetPlan {
  /** More than 0; what counts is its proportion to those of the other targets. */
  readonly weight: number;
}

/** A version of TLS that can be asked for. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** How TLS is spoken. */
export interface TlsSettings {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL's cipher list, suites of TLS 1.3 among them; null: Node's own. */
  readonly ciphers: string | null;
  /** Groups of the key exchange, separated by `:`; null: OpenSSL's own. */
  readonly groups: string | null;
  /** Share of the sessions that use STARTTLS, 1 to 100; the others stay in clear. */
  readonly sharePercent: number;
  /** Share of the sessions that offer to resume an earlier one, 0 to 100; 0: every handshake is a full one. */
  readonly resumePercent: number;
}

/** TLS settings. Files are read when the plan is made, so that workers and reports never touch the disk. */
export interface TlsPlan extends TlsSettings {
  readonly mode: TlsMode;
  /** Verify the certificate chain and name. */
  readonly verify: boolean;
  /** Name for SNI and verification; null: the target's host when it is a name. */
  readonly serverName: string | null;
  /** PEM of the trusted roots; null: Node's own list. */
  readonly caPem: string | null;
  /** What the client shows when the server asks who it is; null: nothing. Removed from every plan that is printed or stored. */
  readonly clientCertificate: ClientCertificate | null;
}

/** A certificate with its chain and the key to it, both PEM. */
export interface ClientCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Sessions begin with a header of the PROXY protocol, as behind a load balancer. */
export interface ProxyPlan {
  readonly version: 'v1' | 'v2';
  /**
   * Addresses that sessions claim to come from in turn, as written (see `address-list.ts`); empty: addresses for
   * documentation, of the target's IP version.
   */
  readonly sources: readonly string[];
}

/** Accounts that sessions take in some order. Removed from every plan that is printed or stored, but for count and order. */
export interface AccountsPlan {
  readonly count: number;
  readonly order: CredentialsOrder;
  /** User and password of each, a newline behind every one of them: one text, so that it crosses to workers at the price of its octets. */
  readonly text: string;
}

/** SASL credentials. `password` is removed from every plan that is printed or stored. */
export interface AuthPlan {
  readonly mechanism: AuthChoice;
  /** '' where the mechanism needs none. */
  readonly user: string;
  /** The password or the token; '' where the mechanism needs none. */
  readonly password: string;
  /** Null: every session is the user above. Otherwise the pre-flight alone is, the first of them. */
  readonly accounts: AccountsPlan | null;
  /** Share of the sessions that say a wrong password, 0 to 100. */
  readonly wrongPercent: number;
}

/** When deferred messages are tried again. */
export interface RetryPlan {
  /** Wait before the second try. */
  readonly afterMs: number;
  /** Each wait is so many times as long as the one before. */
  readonly factor: number;
  /** Longest wait, before jitter. */
  readonly maxMs: number;
  /** Tries in all, the first among them. */
  readonly attempts: number;
  /** Waits are longer or shorter by up to so much, 0 to 100. */
  readonly jitterPercent: number;
}

/** Deadlines per step in ms, from the write of the command. */
export interface TimeoutPlan {
  readonly connect: number;
  readonly tls: number;
  readonly greeting: number;
  readonly ehlo: number;
  readonly starttls: number;
  readonly auth: number;
  readonly xclient: number;
  readonly xforward: number;
  readonly mail: number;
  readonly rcpt: number;
  readonly data: number;
  readonly bdat: number;
  readonly transfer: number;
  readonly endOfData: number;
  readonly rset: number;
  readonly noop: number;
  readonly vrfy: number;
  readonly expn: number;
  readonly help: number;
  readonly raw: number;
  readonly quit: number;
}

/** How sessions go where they are not the standard one. */
export interface SessionPlan {
  /** null: greet, secure, authenticate, messages, QUIT. The connection and its greeting come before the first. */
  readonly steps: readonly ScriptStep[] | null;
  /** `XCLIENT NAME=value …`, said behind EHLO; null: not said. */
  readonly xclient: string | null;
  /** `XFORWARD NAME=value …`, said before every MAIL; null: not said. */
  readonly xforward: string | null;
}

/** Extensions that the messages use. A server that does not offer one of them gets none of the messages. */
export interface ExtensionPlan {
  /** Content goes by BDAT (RFC 3030). */
  readonly isChunked: boolean;
  /** Octets of each chunk but the last; null: one chunk holds the whole message. */
  readonly chunkBytes: number | null;
  /** MAIL says SIZE (RFC 1870). */
  readonly declareSize: boolean;
  /** MAIL says BODY=8BITMIME (RFC 6152), and generated text has such octets. */
  readonly eightBitMime: boolean;
  /** MAIL says SMTPUTF8, and addresses may be more than ASCII (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** MAIL says REQUIRETLS (RFC 8689). */
  readonly requireTls: boolean;
  /** Parameters of DSN (RFC 3461), each with a space before it; `%d` becomes the number in the address. */
  readonly dsnMail: string;
  readonly dsnRcpt: string;
}

/** What every message is made of. */
export interface MessagePlan {
  /** Octets of headers and body as SIZE would declare them: before dot-stuffing, without the final dot. */
  readonly sizeBytes: number;
  /** A message to send in place of generated text, as latin1 with CRLF line ends; null: generated. */
  readonly content: string | null;
  readonly subject: string;
  /** Messages to choose from, in place of the one above; null: there is no choice. `sizeBytes` is then their mean. */
  readonly corpus: CorpusForms | null;
}

/** A corpus as its messages travel; null: none of them goes that way. */
export interface CorpusForms {
  readonly data: CorpusPlan | null;
  readonly chunks: CorpusPlan | null;
}

/** A class of clients: everything that shapes their sessions and messages. */
export interface ScenarioPlan {
  /** Unique in its run; `default` when flags alone describe it. */
  readonly name: string;
  /** More than 0; what counts is its proportion to those of the other scenarios. */
  readonly weight: number;
  readonly tls: TlsPlan;
  readonly auth: AuthPlan | null;
  readonly pipelining: PipeliningMode;
  /** Addresses that connections come from in turn, as written (see `address-list.ts`); empty: the kernel's choice. */
  readonly localAddresses: readonly string[];
  /** Null: no PROXY header. */
  readonly proxy: ProxyPlan | null;
  /** How connections end when it is on us to close them: in order, or with a reset. */
  readonly close: 'fin' | 'rst';
  readonly session: SessionPlan;
  readonly extensions: ExtensionPlan;
  /** Messages per client before QUIT and a new connection; null: the connection is kept. */
  readonly messagesPerSession: number | null;
  /** Recipients per message. */
  readonly recipients: number;
  /** Recipient numbers wrap after this many. */
  readonly addresses: number;
  /** Reverse-path without brackets; `%d` becomes the number of the message; empty: the null reverse-path. */
  readonly from: string;
  /** Forward-path without brackets; `%d` becomes the number of the recipient. */
  readonly to: string;
  readonly helo: string;
  readonly message: MessagePlan;
  /** Null: nothing is tried twice. */
  readonly retry: RetryPlan | null;
  readonly timeoutsMs: TimeoutPlan;
}

/** Open load: when clients arrive, whatever becomes of those before them. */
export interface ArrivalPlan {
  /** As it was asked for: `200/s`, or a profile. */
  readonly written: string;
  /** From time zero on; the warm-up is its first part. */
  readonly profile: readonly ProfileSegment[];
  /** Arrivals are planned before this, ms since time zero; null: the number of messages or sessions ends them. */
  readonly endMs: number | null;
  /** Evenly spaced along the profile, or as a Poisson process of that many arrivals. */
  readonly pattern: 'even' | 'poisson';
  /** What becomes of an arrival that finds no session free. */
  readonly onFull: 'drop' | 'queue';
  /** Arrivals are messages for sessions that are kept open, not clients. */
  readonly isReusing: boolean;
}

/** Everything a run needs to know. Nothing is optional; null says "none". Numbers are those of the whole run. */
export interface LoadPlan {
  /** Where sessions go. */
  readonly targets: readonly [WeightedTarget, ...WeightedTarget[]];
  /** Rows for templates. */
  readonly feeders: readonly FeederPlan[];
  /** Functions that give values for templates; null: none do. */
  readonly functions: FunctionsPlan | null;
  /** What clients do. */
  readonly scenarios: readonly [ScenarioPlan, ...ScenarioPlan[]];
  /** Null: closed load. */
  readonly arrivals: ArrivalPlan | null;
  /** Closed load: the sessions begin one after the other over so many ms, from time zero. */
  readonly rampMs: number;
  /** Closed load: what a client waits between the end of its session and the next. */
  readonly thinkMs: Delay;
  /** Concurrent sessions over all workers; with arrivals the most that there may be. */
  readonly sessions: number;
  /** The measured time in ms; null: `messages` alone ends the run. At least one of the two is set. */
  readonly durationMs: number | null;
  /** Messages begun after the warm-up, over all workers; null: `durationMs` alone ends the run. */
  readonly messages: number | null;
  /** Sessions begun after the warm-up where they send no messages, over all workers; null: `durationMs` ends the run. */
  readonly connections: number | null;
  /** Load before the measured time, ms; at most so long where it ends by itself. */
  readonly warmupMs: number;
  /** The warm-up ends as soon as rate and latency are steady. */
  readonly isWarmupAuto: boolean;
  readonly drainMs: number;
  readonly giveUpMs: number;
  /** Objectives as written. */
  readonly objectives: readonly string[];
  /** The run ends as soon as one of them is missed. */
  readonly abortOnFail: boolean;
  /** What was said of the health gates, as written. */
  readonly gates: readonly string[];
  readonly seed: number;
  readonly workers: number;
  /** Connects in progress per worker. */
  readonly connectLimit: number;
  /** Hosts that may be targets though they are neither loopback nor private. */
  readonly allowTargets: readonly string[];
  /** Passwords and tokens may be sent in clear to a host that is not loopback. */
  readonly authClear: boolean;
}
