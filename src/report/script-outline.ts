/** The steps of a session as people read them: one a line, rounds and ways indented. Knows no octets. */
import type { Delay } from '../delay.js';
import type { RedactedPlan } from '../plan/redact-plan.js';
import type { AuthStep, ConnectStep, DataStep, RcptStep, ReplyExpectation, ScriptStep } from '../plan/script-steps.js';
import { formatBytes, formatCount, formatCounted, formatSeconds, formatShare } from './quantities.js';

/** A scenario as a plan has it that may be printed. */
export type OutlinedScenario = RedactedPlan['scenarios'][number];

/** Indentation of one level. */
const LEVEL = '  ';

/** The steps, each indented by two columns per level. */
export function outlineOf(scenario: OutlinedScenario, isLmtp: boolean): string[] {
  const { steps } = scenario.session;
  return steps === null ? standardOutline(scenario, isLmtp) : linesOf(steps, scenario, '');
}

function standardOutline(scenario: OutlinedScenario, isLmtp: boolean): string[] {
  const { tls, auth, session, extensions, messagesPerSession: count, recipients } = scenario;
  const { mode, sharePercent } = tls;
  const share = sharePercent === 100 ? '' : `, ${String(sharePercent)} % of the sessions`;
  const isStartTls = mode === 'required' || mode === 'opportunistic';
  const rounds = count === null ? 'as long as there are messages' : `${formatCount(count)} times`;
  const indent = count === 1 ? '' : LEVEL;
  return [
    `connect${mode === 'implicit' ? ', TLS at once' : ''}, greeting`,
    `${isLmtp ? 'lhlo' : 'ehlo'} ${scenario.helo}`,
    ...(isStartTls ? [`starttls (${mode}${share}), handshake, ${isLmtp ? 'lhlo' : 'ehlo'}`] : []),
    ...(session.xclient === null ? [] : [session.xclient.toLowerCase()]),
    ...(auth === null ? [] : [`auth ${auth.mechanism}${accountOf(auth)}`]),
    ...(count === 1 ? [] : [`repeat ${rounds}:`]),
    ...(session.xforward === null ? [] : [indent + session.xforward.toLowerCase()]),
    `${indent}mail from ${addressOf(scenario.from)}`,
    `${indent}rcpt ${recipientsOf(recipients, scenario.to)}`,
    indent + contentOf(extensions.isChunked ? 'bdat' : 'data', extensions.chunkBytes, scenario),
    'quit',
  ];
}

function linesOf(steps: readonly ScriptStep[], scenario: OutlinedScenario, indent: string): string[] {
  return steps.flatMap((step) => {
    switch (step.kind) {
      case 'repeat': {
        const { min, max } = step;
        const times = min === max ? formatCount(min) : `${formatCount(min)} to ${formatCount(max)}`;
        return [`${indent}repeat ${times} times:`, ...linesOf(step.steps, scenario, indent + LEVEL)];
      }
      case 'choose': {
        const sum = step.branches.reduce((total, { weight }) => total + weight, 0);
        return step.branches.flatMap(({ weight, steps: own }, index) => [
          `${indent}${index === 0 ? 'choose' : 'or'} with ${formatShare(weight / sum)}:`,
          ...(own.length === 0 ? [`${indent}${LEVEL}nothing`] : linesOf(own, scenario, indent + LEVEL)),
        ]);
      }
      case 'pause':
        return [`${indent}pause ${delayOf(step.delay)}`];
      case 'drop':
        return [`${indent}drop the connection${step.how === null ? '' : ` (${step.how.toUpperCase()})`}`];
      default:
        return [`${indent}${commandOf(step, scenario)}${expectationOf(step.expect)}`];
    }
  });
}

function commandOf(
  step: Exclude<ScriptStep, { kind: 'repeat' | 'choose' | 'pause' | 'drop' }>,
  scenario: OutlinedScenario,
): string {
  switch (step.kind) {
    case 'connect':
      return connectOf(step);
    case 'ehlo':
    case 'helo':
    case 'lhlo':
      return `${step.kind} ${step.name ?? scenario.helo}`;
    case 'starttls':
      return 'starttls, handshake, ehlo';
    case 'auth':
      return authOf(step, scenario);
    case 'mail':
      return `mail from ${addressOf(step.from ?? scenario.from)}${step.parameters === '' ? '' : ` ${step.parameters}`}`;
    case 'rcpt':
      return rcptOf(step, scenario);
    case 'data':
      return dataOf(step, scenario);
    case 'bdat':
      return contentOf('bdat', step.chunkBytes, scenario);
    case 'raw':
      return `raw ${withoutSecret(step.text)}`;
    default:
      return step.argument === '' ? step.kind : `${step.kind} ${step.argument}`;
  }
}

function connectOf({ awaitsGreeting }: ConnectStep): string {
  return awaitsGreeting ? 'connect, greeting' : 'connect, without waiting for the greeting';
}

function authOf({ mechanism, user }: AuthStep, { auth }: OutlinedScenario): string {
  const name = mechanism ?? auth?.mechanism ?? 'auto';
  if (user !== null) return `auth ${name} as ${user}`;
  return `auth ${name}${auth === null ? '' : accountOf(auth)}`;
}

function accountOf({ user, accounts }: NonNullable<OutlinedScenario['auth']>): string {
  if (accounts === null) return user === '' ? '' : ` as ${user}`;
  return ` as one of ${formatCounted(accounts.count, 'account')} (${accounts.order})`;
}

function rcptOf({ recipients, parameters }: RcptStep, scenario: OutlinedScenario): string {
  const behind = parameters === '' ? '' : ` ${parameters}`;
  if ('addresses' in recipients) return `rcpt to ${recipients.addresses.join(', ')}${behind}`;
  return `rcpt ${recipientsOf(recipients.count ?? scenario.recipients, recipients.to ?? scenario.to)}${behind}`;
}

function recipientsOf(count: number, to: string): string {
  return count === 1 ? `to ${to}` : `to ${formatCount(count)} of ${to}`;
}

function dataOf({ sendsContent }: DataStep, scenario: OutlinedScenario): string {
  return sendsContent ? contentOf('data', null, scenario) : 'data, without content';
}

function contentOf(kind: 'data' | 'bdat', chunkBytes: number | null, { message }: OutlinedScenario): string {
  const chunks = chunkBytes === null ? '' : ` in chunks of ${formatBytes(chunkBytes)}`;
  const { sizeBytes, corpus, generated } = message;
  if (corpus !== null) {
    const choice = corpus.messages === 1 ? 'a message' : `one of ${formatCounted(corpus.messages, 'message')}`;
    return `${kind} with ${choice}, ${formatBytes(Math.round(sizeBytes))} on average${chunks}`;
  }
  return `${kind} with ${formatBytes(sizeBytes)}${generated ? '' : ' from a file'}${chunks}`;
}

function addressOf(address: string): string {
  return address === '' ? '<>' : address;
}

function delayOf(delay: Delay): string {
  if (typeof delay === 'number') return formatSeconds(delay / 1e3);
  switch (delay.shape) {
    case 'uniform':
      return `${formatSeconds(delay.minMs / 1e3)} to ${formatSeconds(delay.maxMs / 1e3)}, uniform`;
    case 'exponential':
      return `exponential, mean ${formatSeconds(delay.meanMs / 1e3)}`;
    case 'pareto':
      return `Pareto, at least ${formatSeconds(delay.minMs / 1e3)}, alpha ${String(delay.alpha)}`;
    case 'logNormal':
      return `log-normal, median ${formatSeconds(delay.medianMs / 1e3)}, sigma ${String(delay.sigma)}`;
  }
}

function expectationOf(expect: ReplyExpectation | null): string {
  if (expect === null) return '';
  const { codes, enhanced, pattern, otherwise } = expect;
  const wanted = [
    ...(codes.length === 0 ? [] : [codes.join(' or ')]),
    ...(enhanced === null ? [] : [enhanced]),
    ...(pattern === null ? [] : [`/${pattern}/`]),
  ].join(' ');
  return `; expects ${wanted === '' ? 'any reply' : wanted}, otherwise ${otherwise === 'stopRun' ? 'stop-run' : otherwise}`;
}

/** A line of one's own may be an AUTH. */
function withoutSecret(text: string): string {
  return text.replace(/^(AUTH \S+) .+$/is, '$1 <hidden>');
}
