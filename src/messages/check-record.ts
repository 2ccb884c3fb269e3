/** What a check asks of a worker, and the facts that it brings back. Plain records; what they mean is judged elsewhere. */
import type { CheckPlan } from '../plan/check-plan.js';
import type { PinnedAddress } from './coordinator-worker.js';

/** Polite sessions, one at a time, that find out what a server is. `port` is transferred beside it. */
export interface CheckTask<Port = unknown> {
  readonly kind: 'check';
  readonly plan: CheckPlan;
  readonly address: PinnedAddress;
  readonly port: Port;
}

/** Coordinator to the check: end, and tell what is known. */
export interface CheckOrder {
  readonly type: 'stop';
}

/** The check to its coordinator: what it is about to find out. */
export interface CheckNews {
  readonly type: 'stage';
  readonly text: string;
}

/** Why an answer is missing. `injected`: octets in clear behind the 220 of STARTTLS (RFC 3207 §6). */
export type LossReason =
  | 'refused'
  | 'unreachable'
  | 'localLimit'
  | 'reset'
  | 'closed'
  | 'timeout'
  | 'tls'
  | 'malformed'
  | 'overlong'
  | 'endless'
  | 'unasked'
  | 'injected'
  | 'stopped';

/** One reply. */
export interface CheckReply {
  readonly code: number;
  /** Enhanced status code as `2.1.0`; null: none. */
  readonly enhanced: string | null;
  /** Its lines in one, as the server wrote them, clipped. */
  readonly text: string;
  readonly latencyUs: number;
}

/** What was said to a command. */
export interface CheckedCommand {
  readonly command: string;
  readonly reply: CheckReply;
}

/** How the server answered to its greeting's answer. */
export interface CheckHello {
  readonly verb: 'EHLO' | 'HELO' | 'LHLO';
  readonly reply: CheckReply;
  /** The refusal of EHLO when HELO had to do; null: EHLO did. */
  readonly ehloRefusal: CheckReply | null;
}

/** A version of TLS that was tried. `unavailable`: this Node cannot offer it. */
export interface TlsVersionFinding {
  readonly version: string;
  readonly outcome: 'accepted' | 'refused' | 'unavailable' | 'unknown';
  /** What was said instead; empty when accepted. */
  readonly text: string;
}

/** The certificate of the server. */
export interface CheckCertificate {
  /** `CN=mail.example.test, O=Example` */
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names as Node writes them; empty: none. */
  readonly names: string;
  /** `RSA 2048` or `EC prime256v1`. */
  readonly key: string;
  /** ISO 8601, UTC. */
  readonly validFrom: string;
  readonly validUntil: string;
  /** Code of OpenSSL for what is wrong with the chain; null: it leads to a root that is trusted. */
  readonly chainError: string | null;
  /** The name that was looked for; empty: there was none to look for. */
  readonly checkedName: string;
  readonly isNameRight: boolean;
}

/** What TLS agreed on. */
export interface CheckTls {
  readonly protocol: string;
  /** Name of the cipher suite as IANA has it. */
  readonly cipher: string;
  /** Group of the key exchange, such as X25519; null: this Node does not tell. */
  readonly group: string | null;
  readonly certificate: CheckCertificate | null;
}

/** How long things took in the first session, µs; null: they were not done. */
export interface CheckTimes {
  readonly connectUs: number | null;
  readonly tlsUs: number | null;
  readonly greetingUs: number | null;
  readonly helloUs: number | null;
  readonly starttlsUs: number | null;
  readonly mailUs: number | null;
  readonly rsetUs: number | null;
  readonly quitUs: number | null;
  /** One NOOP after the other. */
  readonly noopUs: readonly number[];
}

/** A group of commands in one write (RFC 2920). */
export interface CheckPipelining {
  readonly sent: readonly string[];
  /** As many as came. */
  readonly replies: readonly CheckReply[];
  /** Whether each reply is one that its command can get, and there are enough. */
  readonly isRight: boolean;
}

/** A limit that was looked for. */
export type LimitName =
  'recipients' | 'size' | 'transactions' | 'badCommands' | 'lineOctets' | 'connections' | 'messages' | 'messageOctets';

/** What was found about a limit. */
export interface LimitFinding {
  readonly name: LimitName;
  /** `none`: there is none up to where the search goes; `unknown`: `why` says what stood in the way. */
  readonly outcome: 'found' | 'none' | 'unknown';
  /** How many (recipients, connections, octets …) went well; the next one did not. */
  readonly passed: number;
  /** Where the search ends. */
  readonly cap: number;
  /** The refusal; null: there was none, or it came without a word. */
  readonly reply: CheckReply | null;
  /** How the connection ended when it did; null: it did not. */
  readonly loss: LossReason | null;
  /** Why it ended early or is unknown; empty: neither. */
  readonly why: string;
}

/** Everything that a check found out. */
export interface CheckRecord {
  /** False: told to stop before its end. */
  readonly isComplete: boolean;
  /** A connection was established: what went wrong after that is not a matter of the address. */
  readonly isConnected: boolean;
  /** Why nothing can be told, one sentence without the target's name; empty: it can. */
  readonly problem: string;
  /** What to try; empty when there is no problem. */
  readonly advice: string;
  readonly greeting: CheckReply | null;
  readonly hello: CheckHello | null;
  /** EHLO keywords with their parameters. With implicit TLS those inside it. */
  readonly keywords: readonly string[];
  /** Those inside STARTTLS; null: it did not come to that. */
  readonly keywordsAfterTls: readonly string[] | null;
  /** Null: there is no TLS, or it could not be agreed on. */
  readonly tls: CheckTls | null;
  /** Why STARTTLS did not lead to TLS though it is offered; empty: it did, or it is not. */
  readonly tlsProblem: string;
  readonly tlsVersions: readonly TlsVersionFinding[];
  readonly times: CheckTimes;
  /** Null: not offered, or it did not come to that. */
  readonly pipelining: CheckPipelining | null;
  /** MAIL, RSET, NOOP, HELP, VRFY, EXPN and QUIT, as far as it came. */
  readonly commands: readonly CheckedCommand[];
  /** Replies that could carry an enhanced status code (RFC 2034 §3), and those among them that had none: `RSET 250`. */
  readonly codedReplies: number;
  readonly uncoded: readonly string[];
  /** Null: they were not looked for. */
  readonly limits: readonly LimitFinding[] | null;
  /** What else went wrong, one sentence each, without the target's name. */
  readonly notes: readonly string[];
  readonly traffic: { readonly sessions: number; readonly commands: number; readonly messages: number };
}
