/** Turns a lane of a plan into the flat list of steps that every session walks through, with all its octets ready. */
import type { LanePlan } from '../plan/lane-plan.js';
import { recipientRange, usesChunks } from '../plan/script-counts.js';
import { commandLine, helo } from '../protocol/commands.js';
import { Extension } from '../protocol/extensions.js';
import { STEP_NAMES, Step } from '../protocol/steps.js';
import { compileAuth } from './compile-auth.js';
import { addSteps, usualHello } from './compile-steps.js';
import { Op, type CompiledScript } from './compiled-script.js';
import { LaneData } from './lane-data.js';
import type { WorkerData } from './lane-data.js';
import { ScriptBuilder } from './script-builder.js';
import { ScriptDraws } from './script-draws.js';

/**
 * Compiles the sessions of a load.
 *
 * @param data - that of the lane's scenario, shared with its other lanes
 */
export function compileLoadScript(lane: LanePlan, data = new LaneData(lane)): CompiledScript {
  const { steps } = lane.session;
  const builder = new ScriptBuilder(lane, recipientRange(lane), data);
  return compile(builder, steps === null ? addStandardMessages : () => addSteps(builder, steps), steps === null);
}

/** Compiles the session of the pre-flight: what comes before the messages of the standard one. */
export function compilePreflightScript(lane: LanePlan, worker?: WorkerData): CompiledScript {
  // Whether the server knows us at all is asked with what is right.
  const auth = lane.auth === null ? null : { ...lane.auth, accounts: null, wrongPercent: 0 };
  const builder = new ScriptBuilder({ ...lane, auth }, recipientRange(lane), new LaneData(lane, worker));
  return compile(builder, () => builder.add(Op.quit), true);
}

function compile(
  builder: ScriptBuilder,
  addRest: (builder: ScriptBuilder) => void,
  hasOpening: boolean,
): CompiledScript {
  const { lane } = builder;
  builder.add(Op.connect);
  if (lane.tls.mode === 'implicit') builder.add(Op.tls);
  const steps = hasOpening ? [] : (lane.session.steps ?? []);
  const [first] = steps;
  if (first?.kind !== 'connect') builder.add(Op.greeting);
  else if (first.awaitsGreeting) {
    builder.expecting(first.expect, first.captures, false);
    builder.add(Op.greeting);
    builder.rule = 0;
  }
  if (hasOpening) addOpening(builder);
  addRest(builder);
  // Whoever breaks off goes there, even where the script itself ends in another way.
  const endsPolitely = hasOpening || steps.at(-1)?.kind === 'quit';
  const quitIndex = endsPolitely ? builder.here - 1 : builder.add(Op.quit);
  builder.exitTo(quitIndex);
  return finish(builder, quitIndex);
}

/** EHLO, TLS and AUTH as the plan has them. */
function addOpening(builder: ScriptBuilder): void {
  const { lane } = builder;
  const { tls, auth, session } = lane;
  const hello = usualHello(builder);
  builder.hello(hello);
  if (tls.mode === 'required' || tls.mode === 'opportunistic') builder.startTls(hello);
  if (session.xclient !== null) builder.xclient(session.xclient, hello);
  if (auth !== null) builder.add(Op.auth, builder.auths.push(compileAuth(builder, null, '')) - 1);
}

function addStandardMessages(builder: ScriptBuilder): void {
  const { from, to, recipients, extensions } = builder.lane;
  const { isChunked, chunkBytes, dsnRcpt } = extensions;
  const mail = builder.add(Op.mail, builder.mail(from, builder.mailParameters, 'from'));
  builder.add(Op.rcpt, builder.rcpt(to, dsnRcpt, recipients, 'to'));
  if (!isChunked) builder.add(Op.data);
  builder.add(Op.content, isChunked ? builder.bdat(chunkBytes) : builder.dataContent());
  builder.add(Op.repeat, mail);
  builder.add(Op.quit);
}

function finish(builder: ScriptBuilder, quitIndex: number): CompiledScript {
  const { lane, contents, recipients, data } = builder;
  const { session, target } = lane;
  return {
    ops: Uint8Array.from(builder.ops),
    args: Int32Array.from(builder.args),
    ruleOf: Uint16Array.from(builder.ruleOf),
    rules: builder.rules,
    quitIndex,
    hellos: builder.hellos,
    helo: { step: Step.ehlo, ...data.line('HELO', lane.helo, 'helo', () => helo(lane.helo)) },
    auths: builder.auths,
    mails: builder.mails,
    rcpts: builder.rcpts,
    contents,
    commands: builder.commands,
    pauses: builder.pauses,
    choices: builder.choices,
    loops: builder.loops,
    draws: new ScriptDraws(lane.seed),
    context: data.context,
    captureCount: data.captures.length,
    isLmtp: target.protocol === 'lmtp',
    required: requiredExtensions(lane),
    xforward: session.xforward === null ? null : commandLine(session.xforward, ''),
    tlsRequired: lane.tls.mode === 'required',
    pipelining: lane.pipelining,
    recipients: recipients.min,
    recipientsVary: recipients.min !== recipients.max,
    recipientStride: recipients.max,
    addresses: lane.addresses,
    mostOutstanding: recipients.max + builder.mostChunks,
    timeoutsUs: Float64Array.from(STEP_NAMES, (name) => (name === 'session' ? 0 : lane.timeoutsMs[name] * 1e3)),
  };
}

/** Bits of the extensions that the plan asks for. */
export function requiredExtensions({ extensions, session }: LanePlan): number {
  return (
    (usesChunks(session.steps, extensions.isChunked) ? Extension.chunking : 0) |
    (extensions.declareSize ? Extension.size : 0) |
    (extensions.eightBitMime ? Extension.eightBitMime : 0) |
    (extensions.smtpUtf8 ? Extension.smtpUtf8 : 0) |
    (extensions.requireTls ? Extension.requireTls : 0) |
    (extensions.dsnMail !== '' || extensions.dsnRcpt !== '' ? Extension.dsn : 0) |
    (session.xforward === null ? 0 : Extension.xforward)
  );
}
