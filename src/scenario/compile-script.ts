/** Turns a plan into the flat list of steps that every session walks through, with all its octets ready. */
import { randomBytes } from 'node:crypto';
import type { AuthPlan, LoadPlan, PipeliningMode, TlsPlan } from '../plan/load-plan.js';
import { ehlo, helo } from '../protocol/commands.js';
import { NumberedBytes } from '../protocol/numbered-bytes.js';
import { PASSWORD_MECHANISMS, SASL_MECHANISMS } from '../protocol/sasl/mechanisms.js';
import type { SaslMechanism } from '../protocol/sasl/mechanisms.js';
import type { SaslKnowledge } from '../protocol/sasl/sasl-conversation.js';
import { ScramKeyCache } from '../protocol/sasl/scram-keys.js';
import { STEP_NAMES } from '../protocol/steps.js';
import { MessageTemplate } from './message-template.js';

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
} as const;

/** How the sessions of a worker authenticate. */
export interface AuthScript {
  /** The mechanisms that may be used, the best first: one, unless the plan leaves the choice to us. */
  readonly candidates: readonly SaslMechanism[];
  readonly knowledge: SaslKnowledge;
  /** What is said of a server that offers none of them. */
  readonly notOffered: string;
}

/** A script: what to do, and the octets for it. Shared by all sessions of a worker. */
export interface CompiledScript {
  readonly ops: Uint8Array;
  /** Argument of each step, see {@link Op}; 0 where it takes none. */
  readonly args: Int32Array;
  readonly quitIndex: number;
  /** The step behind the content: where a transaction goes that ends early. */
  readonly afterContentIndex: number;
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

/** Compiles the standard session: greet, secure, authenticate, messages, quit. */
export function compileLoadScript(plan: LoadPlan): CompiledScript {
  return compile(plan, true);
}

/** Compiles the session of the pre-flight: the same without a message. */
export function compilePreflightScript(plan: LoadPlan): CompiledScript {
  return compile(plan, false);
}

function compile(plan: LoadPlan, withMessages: boolean): CompiledScript {
  const ops: number[] = [];
  const args: number[] = [];
  const add = (op: number, argument = 0): number => {
    args.push(argument);
    return ops.push(op) - 1;
  };

  add(Op.connect);
  if (plan.tls.mode === 'implicit') add(Op.tls);
  add(Op.greeting);
  add(Op.ehlo);
  if (plan.tls.mode === 'required' || plan.tls.mode === 'opportunistic') {
    const startTls = add(Op.startTls);
    add(Op.tls);
    // What was learnt in clear is forgotten (RFC 3207 §4.2).
    args[startTls] = add(Op.ehlo) + 1;
  }
  if (plan.auth !== null) add(Op.auth);
  let afterContentIndex = -1;
  if (withMessages) {
    const mail = add(Op.mail);
    add(Op.rcpt, plan.recipients);
    add(Op.data);
    add(Op.content);
    afterContentIndex = add(Op.repeat, mail);
    args[mail] = ops.length;
  }
  const quitIndex = add(Op.quit);

  return {
    ops: Uint8Array.from(ops),
    args: Int32Array.from(args),
    quitIndex,
    afterContentIndex,
    ehlo: ehlo(plan.helo),
    helo: helo(plan.helo),
    auth: compileAuth(plan),
    tlsRequired: plan.tls.mode === 'required',
    pipelining: plan.pipelining,
    mail: new NumberedBytes(plan.from, 'MAIL FROM:<', '>\r\n'),
    rcpt: new NumberedBytes(plan.to, 'RCPT TO:<', '>\r\n'),
    recipients: plan.recipients,
    addresses: plan.addresses,
    message: new MessageTemplate(plan),
    timeoutsUs: Float64Array.from(STEP_NAMES, (name) => (name === 'session' ? 0 : plan.timeoutsMs[name] * 1e3)),
  };
}

function compileAuth({ auth, tls, target }: LoadPlan): AuthScript | null {
  if (auth === null) return null;
  const candidates = auth.mechanism === 'auto' ? candidatesOf(auth, tls) : [SASL_MECHANISMS[auth.mechanism]];
  const names = candidates.map(({ name, needsTls }) => (needsTls ? `${name} (inside TLS)` : name));
  return {
    candidates,
    notOffered: `${names.length === 1 ? `${names.join()} is not` : `none of ${names.join(', ')} is`} among the AUTH mechanisms of EHLO`,
    knowledge: {
      user: auth.user,
      secret: auth.password,
      host: target.host,
      port: target.port,
      nonce: scramNonce,
      scramKeys: new ScramKeyCache(),
    },
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
