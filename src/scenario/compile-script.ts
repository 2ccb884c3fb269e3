/** Turns a lane of a plan into the flat list of steps that every session walks through, with all its octets ready. */
import { randomBytes } from 'node:crypto';
import { assert } from '../assert.js';
import type { Delay } from '../delay.js';
import type { LanePlan } from '../plan/lane-plan.js';
import type { AuthPlan, PipeliningMode, TlsPlan } from '../plan/load-plan.js';
import type { ScriptStep } from '../plan/script-steps.js';
import { commandLine, ehlo, helo, lhlo } from '../protocol/commands.js';
import { Extension } from '../protocol/extensions.js';
import { NumberedBytes } from '../protocol/numbered-bytes.js';
import { PASSWORD_MECHANISMS, SASL_MECHANISMS } from '../protocol/sasl/mechanisms.js';
import type { SaslMechanism } from '../protocol/sasl/mechanisms.js';
import { ScramKeyCache } from '../protocol/sasl/scram-keys.js';
import { STEP_NAMES, Step } from '../protocol/steps.js';
import { ContentChunks } from './content-chunks.js';
import { MessageTemplate } from './message-template.js';
import { SessionAccounts } from './session-accounts.js';

/** 144 bits, as many as 24 characters of base64 hold. */
const SCRAM_NONCE_OCTETS = 18;

/** What a step of a script does. Small integers; the list of a script is a `Uint8Array` of them. */
export const Op = {
  connect: 0,
  /** TLS handshake. */
  tls: 1,
  greeting: 2,
  ehlo: 3,
  /** Argument: the step to go to when TLS is not begun. */
  startTls: 4,
  auth: 5,
  /** Argument: the step to go to when there is no further message. */
  mail: 6,
  /** Argument: how many recipients. */
  rcpt: 7,
  data: 8,
  content: 9,
  /** Argument: the step to go back to. */
  repeat: 10,
  quit: 11,
  /** Argument: which of the commands. Nothing is grouped with it. */
  command: 12,
  rset: 13,
  /** Argument: which of the holds. */
  hold: 14,
  /** The session ends without a word. */
  drop: 15,
} as const;

/** How the sessions of a worker authenticate. */
export interface AuthScript {
  /** The mechanisms that may be used, the best first: one, unless the plan leaves the choice to us. */
  readonly candidates: readonly SaslMechanism[];
  /** Who they are. */
  readonly accounts: SessionAccounts;
  /** What is said of a server that offers none of them. */
  readonly notOffered: string;
}

/** A command that is the same in every session. */
export interface ScriptCommand {
  /** Index of the step that it is counted under. */
  readonly step: number;
  /** With its CRLF. */
  readonly octets: Uint8Array;
}

/** A script: what to do, and the octets for it. Shared by all sessions of a worker. */
export interface CompiledScript {
  readonly ops: Uint8Array;
  /** Argument of each step, see {@link Op}; 0 where it takes none. */
  readonly args: Int32Array;
  readonly quitIndex: number;
  /** For {@link Op.command}. */
  readonly commands: readonly ScriptCommand[];
  /** For {@link Op.hold}, µs. */
  readonly holdsUs: readonly number[];
  readonly isLmtp: boolean;
  /** Bits of `Extension` without which no message is sent. */
  readonly required: number;
  /** How content goes by BDAT; null: it goes by DATA. */
  readonly chunks: ContentChunks | null;
  /** Said before every MAIL; null: nothing. */
  readonly xforward: Uint8Array | null;
  readonly ehlo: Uint8Array;
  readonly helo: Uint8Array;
  readonly auth: AuthScript | null;
  readonly tlsRequired: boolean;
  readonly pipelining: PipeliningMode;
  readonly mail: NumberedBytes;
  readonly rcpt: NumberedBytes;
  readonly recipients: number;
  readonly addresses: number;
  readonly message: MessageTemplate;
  /** Deadline of each step in µs, by step index. */
  readonly timeoutsUs: Float64Array;
}

/**
 * Compiles the sessions of a load.
 *
 * @param message - the message of the lane's scenario, where it was compiled already
 */
export function compileLoadScript(lane: LanePlan, message = new MessageTemplate(lane)): CompiledScript {
  const { steps } = lane.session;
  const addRest = steps === null ? addStandardMessages : (builder: ScriptBuilder) => addSteps(builder, steps);
  return compile(new ScriptBuilder(lane, message), addRest, steps === null);
}

/** Compiles the session of the pre-flight: what comes before the messages of the standard one. */
export function compilePreflightScript(lane: LanePlan): CompiledScript {
  // Whether the server knows us at all is asked with what is right.
  const auth = lane.auth === null ? null : { ...lane.auth, accounts: null, wrongPercent: 0 };
  return compile(
    new ScriptBuilder({ ...lane, auth }, new MessageTemplate(lane)),
    (builder) => builder.add(Op.quit),
    true,
  );
}

/** A script in the making. */
class ScriptBuilder {
  readonly lane: LanePlan;
  readonly message: MessageTemplate;
  readonly ops: number[] = [];
  readonly args: number[] = [];
  readonly commands: ScriptCommand[] = [];
  readonly holdsUs: number[] = [];

  constructor(lane: LanePlan, message: MessageTemplate) {
    this.lane = lane;
    this.message = message;
  }

  /** @returns the index of the step */
  add(op: number, argument = 0): number {
    this.args.push(argument);
    return this.ops.push(op) - 1;
  }

  command(step: number, octets: Uint8Array): void {
    this.add(Op.command, this.commands.push({ step, octets }) - 1);
  }

  startTls(): void {
    const startTls = this.add(Op.startTls);
    this.add(Op.tls);
    // What was learnt in clear is forgotten (RFC 3207 §4.2).
    this.args[startTls] = this.add(Op.ehlo) + 1;
  }

  /** RCPT, DATA and content, as far as they come. */
  content(): void {
    if (!this.lane.extensions.isChunked) this.add(Op.data);
    this.add(Op.content);
  }
}

function compile(
  builder: ScriptBuilder,
  addRest: (builder: ScriptBuilder) => void,
  hasOpening: boolean,
): CompiledScript {
  const { lane, ops, args } = builder;
  builder.add(Op.connect);
  if (lane.tls.mode === 'implicit') builder.add(Op.tls);
  const first = lane.session.steps?.[0];
  if (hasOpening || first?.kind !== 'connect' || first.awaitsGreeting) builder.add(Op.greeting);
  if (hasOpening) addOpening(builder);
  addRest(builder);
  // Whoever breaks off goes there, even where the script itself ends in another way.
  const quitIndex = ops.at(-1) === Op.quit ? ops.length - 1 : builder.add(Op.quit);
  for (const [index, op] of ops.entries()) if (op === Op.mail) args[index] = quitIndex;
  return finish(builder, quitIndex);
}

/** EHLO, TLS and AUTH as the plan has them. */
function addOpening(builder: ScriptBuilder): void {
  const { tls, auth, session } = builder.lane;
  builder.add(Op.ehlo);
  if (tls.mode === 'required' || tls.mode === 'opportunistic') builder.startTls();
  if (session.xclient !== null) addXclient(builder, session.xclient);
  if (auth !== null) builder.add(Op.auth);
}

/** Behind XCLIENT the server greets anew, and knows nothing of what was said before (Postfix, XCLIENT_README). */
function addXclient(builder: ScriptBuilder, line: string): void {
  builder.command(Step.xclient, commandLine(line, ''));
  builder.add(Op.ehlo);
}

function addStandardMessages(builder: ScriptBuilder): void {
  const mail = builder.add(Op.mail);
  builder.add(Op.rcpt, builder.lane.recipients);
  builder.content();
  builder.add(Op.repeat, mail);
  builder.add(Op.quit);
}

function addSteps(builder: ScriptBuilder, steps: readonly ScriptStep[]): void {
  const { session, recipients } = builder.lane;
  for (const [index, step] of steps.entries()) {
    switch (step.kind) {
      case 'connect':
        break;
      case 'ehlo':
        builder.add(Op.ehlo);
        if (session.xclient !== null && steps[index + 1]?.kind !== 'starttls') addXclient(builder, session.xclient);
        break;
      case 'helo':
        builder.command(Step.ehlo, helo(builder.lane.helo));
        break;
      case 'starttls':
        builder.startTls();
        if (session.xclient !== null) addXclient(builder, session.xclient);
        break;
      case 'auth':
        builder.add(Op.auth);
        break;
      case 'mail':
        builder.add(Op.mail);
        break;
      case 'rcpt':
        builder.add(Op.rcpt, recipients);
        break;
      case 'data':
        builder.add(Op.data);
        if (step.sendsContent) builder.add(Op.content);
        break;
      case 'bdat':
        builder.add(Op.content);
        break;
      case 'rset':
        builder.add(Op.rset);
        break;
      case 'pause':
        builder.add(Op.hold, builder.holdsUs.push(fixedMs(step.delay) * 1e3) - 1);
        break;
      case 'quit':
        builder.add(Op.quit);
        break;
      case 'drop':
        builder.add(Op.drop);
        break;
      case 'raw':
        builder.command(Step.raw, commandLine(step.text, ''));
        break;
      case 'noop':
      case 'vrfy':
      case 'expn':
      case 'help':
        builder.command(Step[step.kind], commandLine(step.kind.toUpperCase(), step.argument));
        break;
      default:
        assert(false, `the engine has the step ${step.kind}`);
    }
  }
}

function fixedMs(delay: Delay): number {
  assert(typeof delay === 'number', 'a pause has a fixed length');
  return delay;
}

function finish(builder: ScriptBuilder, quitIndex: number): CompiledScript {
  const { lane, message, ops, args, commands, holdsUs } = builder;
  const { extensions, session, target } = lane;
  const hello = target.protocol === 'lmtp' ? lhlo : ehlo;
  return {
    ops: Uint8Array.from(ops),
    args: Int32Array.from(args),
    quitIndex,
    commands,
    holdsUs,
    isLmtp: target.protocol === 'lmtp',
    required: requiredOf(lane),
    chunks: extensions.isChunked ? new ContentChunks(message.sizeBytes, extensions.chunkBytes) : null,
    xforward: session.xforward === null ? null : commandLine(session.xforward, ''),
    ehlo: hello(lane.helo),
    helo: helo(lane.helo),
    auth: compileAuth(lane),
    tlsRequired: lane.tls.mode === 'required',
    pipelining: lane.pipelining,
    mail: new NumberedBytes(`${lane.from}>${mailParameters(lane, message.sizeBytes)}`, 'MAIL FROM:<', '\r\n'),
    rcpt: new NumberedBytes(`${lane.to}>${extensions.dsnRcpt}`, 'RCPT TO:<', '\r\n'),
    recipients: lane.recipients,
    addresses: lane.addresses,
    message,
    timeoutsUs: Float64Array.from(STEP_NAMES, (name) => (name === 'session' ? 0 : lane.timeoutsMs[name] * 1e3)),
  };
}

/** What MAIL says behind the reverse-path. */
function mailParameters({ extensions }: LanePlan, sizeBytes: number): string {
  const { declareSize, eightBitMime, smtpUtf8, requireTls, dsnMail } = extensions;
  return [
    declareSize ? ` SIZE=${String(sizeBytes)}` : '',
    eightBitMime ? ' BODY=8BITMIME' : '',
    smtpUtf8 ? ' SMTPUTF8' : '',
    requireTls ? ' REQUIRETLS' : '',
    dsnMail,
  ].join('');
}

/** Bits of the extensions that the plan asks for. */
function requiredOf({ extensions, session }: LanePlan): number {
  return (
    (extensions.isChunked ? Extension.chunking : 0) |
    (extensions.declareSize ? Extension.size : 0) |
    (extensions.eightBitMime ? Extension.eightBitMime : 0) |
    (extensions.smtpUtf8 ? Extension.smtpUtf8 : 0) |
    (extensions.requireTls ? Extension.requireTls : 0) |
    (extensions.dsnMail !== '' || extensions.dsnRcpt !== '' ? Extension.dsn : 0) |
    (session.xforward === null ? 0 : Extension.xforward)
  );
}

function compileAuth(lane: LanePlan): AuthScript | null {
  const { auth, tls, target } = lane;
  if (auth === null) return null;
  const candidates = auth.mechanism === 'auto' ? candidatesOf(auth, tls) : [SASL_MECHANISMS[auth.mechanism]];
  const names = candidates.map(({ name, needsTls }) => (needsTls ? `${name} (inside TLS)` : name));
  return {
    candidates,
    notOffered: `${names.length === 1 ? `${names.join()} is not` : `none of ${names.join(', ')} is`} among the AUTH mechanisms of EHLO`,
    accounts: new SessionAccounts(
      {
        user: auth.user,
        secret: auth.password,
        host: target.host,
        port: target.port,
        nonce: scramNonce,
        scramKeys: new ScramKeyCache(),
      },
      auth,
      lane,
    ),
  };
}

/** What a certificate proves crosses no wire and can be asked of nobody, so that it comes first; then what a password can do. */
function candidatesOf(auth: AuthPlan, tls: TlsPlan): readonly SaslMechanism[] {
  return [
    ...(tls.clientCertificate === null ? [] : [SASL_MECHANISMS.external]),
    ...(auth.password === '' ? [] : PASSWORD_MECHANISMS),
  ];
}

/** Printable and without comma (RFC 5802 §5.1). */
function scramNonce(): string {
  return randomBytes(SCRAM_NONCE_OCTETS).toString('base64');
}
