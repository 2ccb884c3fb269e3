/**
 * The steps of a session as a tree: data alone, serialisable, no octets. Texts may hold templates (`{{…}}`), which stand
 * here as they were written. Types only: `src/scenario-file` makes such trees of what a user wrote.
 */
import type { Delay } from '../delay.js';
import type { AuthChoice } from './read-auth.js';

/**
 * What a session does about a reply that it does not expect. `count`: nothing more; `reset`: RSET, and on behind the
 * message; `quit`: QUIT; `drop`: the end without a word; `stopRun`: the whole run ends as if it were told to stop.
 */
export type Otherwise = 'count' | 'reset' | 'quit' | 'drop' | 'stopRun';

/** What a reply should be. All that is not null has to hold. */
export interface ReplyExpectation {
  /** Codes (`250`) and classes (`2yz`), any of which will do; empty: any code. */
  readonly codes: readonly string[];
  /** Enhanced status code: `5.1.1`, or `5.x.x` and `5.1.x` for all of a kind; null: any or none. */
  readonly enhanced: string | null;
  /** Source of a regular expression that the text of one of its lines has to match; null: any text. */
  readonly pattern: string | null;
  readonly otherwise: Otherwise;
}

/** A value that is taken out of a reply for templates of later steps. */
export interface Capture {
  readonly name: string;
  /** Source of a regular expression: its first group is the value, or all that it matches when it has none. */
  readonly pattern: string;
}

/** What every step has that is answered. */
interface Answered {
  /** Null: the engine decides, as it does in the standard session. */
  readonly expect: ReplyExpectation | null;
  /** Empty: nothing is taken out. */
  readonly captures: readonly Capture[];
}

/** The connection and its greeting. Where the first step is another one, it comes before that. */
export interface ConnectStep extends Answered {
  readonly kind: 'connect';
  /** False: what follows does not wait for the greeting, and can only be a pause or a drop. */
  readonly awaitsGreeting: boolean;
}

/** How a client says hello. */
export interface HelloStep extends Answered {
  readonly kind: 'ehlo' | 'helo' | 'lhlo';
  /** Template; null: that of the scenario. */
  readonly name: string | null;
}

/** STARTTLS, the handshake, and EHLO again (RFC 3207 §4.2). */
export interface StartTlsStep extends Answered {
  readonly kind: 'starttls';
}

/** What is null comes from the scenario. The password is removed from every plan that is printed or stored. */
export interface AuthStep extends Answered {
  readonly kind: 'auth';
  readonly mechanism: AuthChoice | null;
  /** Template. */
  readonly user: string | null;
  /** Template. */
  readonly password: string | null;
}

/** MAIL: a message begins here, and ends with the last reply to its content, with RSET, or with the session. */
export interface MailStep extends Answered {
  readonly kind: 'mail';
  /** Template without brackets, '' is the null reverse-path; null: that of the scenario. */
  readonly from: string | null;
  /** Template of what stands behind the path, such as `SIZE=1000 BODY=8BITMIME`; '': what the extensions of the scenario say. */
  readonly parameters: string;
}

/** Whom a message goes to. */
export type Recipients =
  /** Templates without brackets, one RCPT each. */
  | { readonly addresses: readonly string[] }
  /** So many (null: as many as the scenario says), numbered by `%d` in `to`; null: that of the scenario. */
  | { readonly count: number | null; readonly to: string | null };

/** One RCPT for each recipient; what is expected is expected of each reply. */
export interface RcptStep extends Answered {
  readonly kind: 'rcpt';
  readonly recipients: Recipients;
  /** Template of what stands behind the path; '': what the extensions of the scenario say. */
  readonly parameters: string;
}

/** DATA and the content. What is expected is expected of the reply to the content, in LMTP of each of them. */
export interface DataStep extends Answered {
  readonly kind: 'data';
  /** False: nothing is sent behind 354, and only a pause or a drop can follow; what is expected is expected of DATA. */
  readonly sendsContent: boolean;
}

/** The content by BDAT. What is expected is expected of the reply to the last chunk, in LMTP of each of them. */
export interface BdatStep extends Answered {
  readonly kind: 'bdat';
  /** Octets of each chunk but the last; null: one chunk holds the whole message. */
  readonly chunkBytes: number | null;
}

/** Commands that may have one argument. */
export interface PlainCommandStep extends Answered {
  readonly kind: 'rset' | 'noop' | 'vrfy' | 'expn' | 'help' | 'quit';
  /** Template; '': none. Always '' for RSET and QUIT. */
  readonly argument: string;
}

/** A line of one's own, which is answered once. */
export interface RawStep extends Answered {
  readonly kind: 'raw';
  /** Template without the CRLF at its end. The one text whose variables may hold CR and LF. */
  readonly text: string;
}

/** Silence. */
export interface PauseStep {
  readonly kind: 'pause';
  readonly delay: Delay;
}

/** The same again, a random number of times from `min` to `max`, or until there is no further message. */
export interface RepeatStep {
  readonly kind: 'repeat';
  readonly min: number;
  readonly max: number;
  readonly steps: readonly ScriptStep[];
}

/** One of several ways, drawn anew every time. */
export interface ChooseStep {
  readonly kind: 'choose';
  readonly branches: readonly ScriptBranch[];
}

/** One of the ways. */
export interface ScriptBranch {
  /** Above or equal to 0; their sum is above 0. */
  readonly weight: number;
  /** Empty: nothing is done. */
  readonly steps: readonly ScriptStep[];
}

/** The end without a word. */
export interface DropStep {
  readonly kind: 'drop';
  /** Null: as the scenario closes its connections. */
  readonly how: 'fin' | 'rst' | null;
}

/** A step that is answered. */
export type CommandStep =
  | ConnectStep
  | HelloStep
  | StartTlsStep
  | AuthStep
  | MailStep
  | RcptStep
  | DataStep
  | BdatStep
  | PlainCommandStep
  | RawStep;

/** One step of a session. */
export type ScriptStep = CommandStep | PauseStep | RepeatStep | ChooseStep | DropStep;
