/** What a script is once it is compiled: a flat list of steps, and the octets for them. Types and numbers only. */
import type { Delay } from '../delay.js';
import type { PipeliningMode } from '../plan/load-plan.js';
import type { RenderContext } from '../data/render-context.js';
import type { Template } from '../data/template.js';
import type { SaslMechanism } from '../protocol/sasl/mechanisms.js';
import type { ChunkTable } from './content-chunks.js';
import type { NumberedLine, ScriptLine } from './lane-data.js';
import type { MessageSource } from './message-source.js';
import type { ReplyRule } from './reply-rule.js';
import type { ScriptDraws } from './script-draws.js';
import type { SessionAccounts } from './session-accounts.js';

/** What a step of a script does. Small integers; the list of a script is a `Uint8Array` of them. */
export const Op = {
  connect: 0,
  /** TLS handshake. */
  tls: 1,
  greeting: 2,
  /** Argument: which of the hellos. */
  ehlo: 3,
  /** Argument: the step to go to when TLS is not begun. */
  startTls: 4,
  /** Argument: which of the auths. */
  auth: 5,
  /** Argument: which of the mails. */
  mail: 6,
  /** Argument: which of the groups of recipients. */
  rcpt: 7,
  data: 8,
  /** Argument: which of the contents. */
  content: 9,
  /** Argument: the step to go back to. */
  repeat: 10,
  quit: 11,
  /** Argument: which of the commands. Nothing is grouped with it. */
  command: 12,
  rset: 13,
  /** Argument: which of the pauses. */
  hold: 14,
  /** The session ends without a word. Argument: how, see {@link DropHow}. */
  drop: 15,

  // The same out of order, as part of no message: what a script says all the same, to see what is answered.

  /** Argument: which of the mails. */
  looseMail: 16,
  /** Argument: which of the groups of recipients. */
  looseRcpt: 17,
  looseData: 18,
  /** A lone dot, where DATA out of order got a 354. */
  looseDot: 19,
  /** The last chunk, of no octets. */
  looseChunk: 20,

  // Turns: they send nothing and decide where the script goes on. Argument: the step to go to if it is not the next.

  /** If a message is not under way. */
  inMessage: 21,
  /** If no message with recipients is under way. */
  hasRecipients: 22,
  jump: 23,
  /** No recipient follows. No argument. */
  seal: 24,
  /** The message has nobody to go to and ends here. No argument. */
  withdraw: 25,
  /** Argument: which of the choices. */
  choose: 26,
  /** Argument: which of the loops. */
  loop: 27,
  /** The end of a round. Argument: which of the loops. */
  again: 28,
} as const;

/** From here on steps are turns. */
export const FIRST_TURN = Op.inMessage;

/** How a session is dropped. */
export const DropHow = { asPlanned: 0, fin: 1, rst: 2 } as const;

/** How the sessions of a worker authenticate. */
export interface AuthScript {
  /** The mechanisms that may be used, the best first: one, unless the plan leaves the choice to us. */
  readonly candidates: readonly SaslMechanism[];
  /** Who they are. */
  readonly accounts: Pick<SessionAccounts, 'first' | 'isWrong' | 'knowledgeOf'>;
  /** What is said of a server that offers none of them. */
  readonly notOffered: string;
  /** What takes the place of user and password, session by session; null: nothing does. */
  readonly user: Template | null;
  readonly password: Template | null;
}

/** A command outside of envelopes. */
export interface ScriptCommand extends ScriptLine {
  /** Index of the step that it is counted under. */
  readonly step: number;
}

/** MAIL. */
export interface MailScript extends NumberedLine {
  /** The step to go to when there is no further message. */
  exit: number;
}

/** Recipients that a step names. */
export interface RcptScript extends NumberedLine {
  readonly count: number;
}

/** Mail data, and how it goes. */
export interface ContentScript {
  readonly messages: MessageSource;
  /** Null: behind DATA. */
  readonly chunks: ChunkTable | null;
}

/** A choice between ways. */
export interface ChoiceScript {
  /** Sums of the weights up to each way, of all weights: the last is 1. */
  readonly shares: Float64Array;
  /** The first step of each way. */
  readonly targets: Int32Array;
  /** Of its random values. */
  readonly key: number;
}

/** Steps that are done again. */
export interface LoopScript {
  readonly min: number;
  readonly max: number;
  readonly key: number;
  /** The first step of each round. */
  start: number;
  /** The step behind the last round. */
  end: number;
}

/** A silence. */
export interface PauseScript {
  readonly delay: Delay;
  readonly key: number;
}

/** A script: what to do, and the octets for it. Shared by all sessions of a lane in a worker. */
export interface CompiledScript {
  readonly ops: Uint8Array;
  /** Argument of each step, see {@link Op}; 0 where it takes none. */
  readonly args: Int32Array;
  /** What is expected of the reply to each step: an index into `rules`; 0: nothing. */
  readonly ruleOf: Uint16Array;
  /** The first stands for none and is null. */
  readonly rules: readonly (ReplyRule | null)[];
  readonly quitIndex: number;
  readonly hellos: readonly ScriptCommand[];
  readonly helo: ScriptCommand;
  readonly auths: readonly AuthScript[];
  readonly mails: readonly MailScript[];
  readonly rcpts: readonly RcptScript[];
  readonly contents: readonly ContentScript[];
  readonly commands: readonly ScriptCommand[];
  readonly pauses: readonly PauseScript[];
  readonly choices: readonly ChoiceScript[];
  readonly loops: readonly LoopScript[];
  readonly draws: ScriptDraws;
  /** What templates are written from: one for all sessions of a worker. */
  readonly context: RenderContext;
  /** How many values sessions capture. */
  readonly captureCount: number;
  readonly isLmtp: boolean;
  /** Bits of `Extension` without which no message is sent. */
  readonly required: number;
  /** Said before every MAIL; null: nothing. */
  readonly xforward: Uint8Array | null;
  readonly tlsRequired: boolean;
  readonly pipelining: PipeliningMode;
  /** Recipients that a message has at least: those that count when it is taken. */
  readonly recipients: number;
  /** Whether a message may have more. */
  readonly recipientsVary: boolean;
  /** Message i has the numbers i·stride + 1 and so on. */
  readonly recipientStride: number;
  readonly addresses: number;
  /** Commands of a message that may wait for their replies at once: its recipients, and its chunks. */
  readonly mostOutstanding: number;
  /** Deadline of each step in µs, by step index. */
  readonly timeoutsUs: Float64Array;
}
