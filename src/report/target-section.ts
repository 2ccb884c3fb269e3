/** What was run against what: the server, the load, the machine. */
import { cleanText } from './clean-text.js';
import { formatBytes, formatCount, formatCounted, formatSeconds, formatShareOf } from './quantities.js';
import { labelled, type ReportLine } from './report-line.js';
import type { ScenarioResultPlan } from './plan-schema.js';
import type { RunResult } from './result-schema.js';
import { hasMail, stepWords } from './step-words.js';

const MS_PER_SEC = 1000;

/** The paragraphs about target, load and machine. */
export function targetSection(result: RunResult, width: number): ReportLine[] {
  const { target } = result;
  const [scenario] = result.plan.scenarios;
  const paragraphs: [string, string | null][] = [
    ...targetTexts(result),
    ['MX', mailHostsText(result)],
    ['Sink', sinkText(result)],
    ['From', scenario.localAddresses.length === 0 ? null : scenario.localAddresses.join(', ')],
    ['PROXY', proxyText(scenario)],
    ['Greeting', target.greeting],
    ['Offers', target.greeting === null ? null : offersText(target.keywords)],
    ['After TLS', target.keywordsAfterTls === null ? null : changeText(target.keywords, target.keywordsAfterTls)],
    ['TLS', tlsText(result, scenario)],
    ['Handshakes', handshakesText(result)],
    ['AUTH', authText(result, scenario)],
    ['Load', loadText(result, scenario)],
    ['Run', runText(result)],
    ['Machine', machineText(result)],
  ];
  return paragraphs.flatMap(([label, text]) => (text === null ? [] : labelled(label, cleanText(text), width)));
}

/** The targets; of several, what each has that the first does not offer, or lacks. */
function targetTexts({ targets, plan }: RunResult): [string, string][] {
  const [first] = targets;
  if (first === undefined || targets.length === 1) return targets.map((target) => ['Target', targetText(target)]);
  const weights = plan.targets.map(({ weight }) => weight);
  return targets.map((target, index) => {
    const offers = index === 0 ? '' : `, offers ${changeText(first.keywords, target.keywords)}`;
    return [index === 0 ? 'Targets' : '', `${targetText(target)}, weight ${String(weights[index] ?? 1)}${offers}`];
  });
}

function targetText(target: RunResult['target']): string {
  if (target.family === null) return target.url;
  const pinned = target.host === target.address ? '' : ` at ${target.address}`;
  return `${target.url}${pinned}${target.family === 6 ? ' (IPv6)' : ''}`;
}

/** What MX records name, with what became of it. */
function mailHostsText({ mailHosts }: RunResult): string | null {
  if (mailHosts.length === 0) return null;
  return mailHosts
    .map(({ host, preference, isUsed, problem }) => {
      const fate = isUsed ? 'used' : problem === '' ? 'not needed' : `not used: ${problem}`;
      return `${host} (preference ${String(preference)}, ${fate})`;
    })
    .join(', ');
}

function sinkText({ target }: RunResult): string | null {
  if (target.builtInSink === null) return null;
  const { replyDelayMs } = target.builtInSink;
  return (
    `The built-in sink, in a thread of its own. It answers after ${formatCount(replyDelayMs)} ms, ` +
    `so the latencies below are its delay, not those of a mail server.`
  );
}

function proxyText({ proxy }: ScenarioResultPlan): string | null {
  if (proxy === null) return null;
  const sources = proxy.sources.length === 0 ? 'addresses for documentation' : proxy.sources.join(', ');
  return `header ${proxy.version} for clients from ${sources}`;
}

function offersText(keywords: readonly string[]): string {
  return keywords.length === 0 ? 'no extensions' : keywords.join(', ');
}

/** What a server offers after TLS beside what it offered before. */
function changeText(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((keyword) => !before.includes(keyword));
  const removed = before.filter((keyword) => !after.includes(keyword));
  return [
    'the same',
    ...(added.length === 0 ? [] : [`with ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`without ${removed.join(', ')}`]),
  ].join(', ');
}

function tlsText({ target }: RunResult, { tls }: ScenarioResultPlan): string | null {
  if (target.tls === null) return null;
  const { protocol, cipher, subject, issuer, validTo } = target.tls;
  const share = tls.sharePercent === 100 ? '' : `, ${tls.sharePercent}% of the sessions`;
  const parts = [`${protocol} ${cipher} (${tls.mode}${share})`];
  if (subject !== null) parts.push(`certificate ${subject}`);
  if (issuer !== null) parts.push(`issued by ${issuer}`);
  if (validTo !== null) parts.push(`valid to ${validTo}`);
  parts.push(tls.verify ? 'verified' : 'not verified');
  return parts.join(', ');
}

/** The mechanism, what was asked for where that is not its name, and who sessions were. */
function authText({ target }: RunResult, { auth }: ScenarioResultPlan): string | null {
  if (auth === null) return null;
  const { mechanism, accounts, wrongPercent } = auth;
  const used = target.authMechanism ?? mechanism.toUpperCase();
  const parts = [used === mechanism.toUpperCase() ? used : `${used} (${mechanism})`];
  if (accounts !== null) parts.push(`${formatCounted(accounts.count, 'account')} (${accounts.order})`);
  if (wrongPercent > 0) parts.push(`${wrongPercent}% of the sessions with a wrong password`);
  return parts.join(', ');
}

/** What the handshakes of the load agreed on. */
function handshakesText({ tls }: RunResult): string | null {
  if (tls === null) return null;
  const { handshakes, resumed, rows } = tls;
  const resumedText =
    resumed === 0 ? 'none resumed' : `${formatCount(resumed)} resumed (${formatShareOf(resumed, handshakes)})`;
  const counts = new Map<string, number>();
  for (const { protocol, cipher, group, count } of rows) {
    const agreement = [protocol, cipher, ...(group === null ? [] : [group])].join(' ');
    counts.set(agreement, (counts.get(agreement) ?? 0) + count);
  }
  const agreements = [...counts].map(([agreement, count]) => `${agreement} ${formatCount(count)}`);
  return `${formatCount(handshakes)}, ${resumedText}; ${agreements.join(', ')}`;
}

function loadText({ plan }: RunResult, scenario: ScenarioResultPlan): string {
  const { durationMs, messages, connections } = plan;
  const ends = [
    ...(messages === null ? [] : [formatCounted(messages, 'message')]),
    ...(connections === null ? [] : [formatCounted(connections, 'connection')]),
    ...(durationMs === null ? [] : [formatSeconds(durationMs / MS_PER_SEC)]),
  ];
  const { arrivals } = plan;
  const who =
    arrivals === null
      ? `with ${formatCounted(plan.sessions, 'session')}`
      : `${arrivalWords(arrivals)}, at most ${formatCounted(plan.sessions, 'session')}`;
  return [
    `${ends.join(' or ')} ${who} on ${formatCounted(plan.workers, 'worker')}`,
    ...sessionTexts(scenario),
    `pipelining ${scenario.pipelining}`,
    `seed ${plan.seed}`,
  ].join(', ');
}

function arrivalWords({ written, pattern, onFull, isReusing }: NonNullable<RunResult['plan']['arrivals']>): string {
  const what = isReusing ? 'messages for kept sessions' : 'arrivals';
  return `of ${pattern === 'poisson' ? 'Poisson' : 'even'} ${what} by plan (${cleanText(written)}; full: ${onFull})`;
}

/** What each session does; of messages only where there are some. */
function sessionTexts(scenario: ScenarioResultPlan): string[] {
  const { steps } = scenario.session;
  const { isChunked, chunkBytes } = scenario.extensions;
  const content = isChunked ? [chunkBytes === null ? 'BDAT' : `BDAT in ${formatBytes(chunkBytes)}`] : [];
  const message = [
    formatCounted(scenario.recipients, 'recipient'),
    formatBytes(scenario.message.sizeBytes),
    ...content,
  ];
  if (steps === null) {
    const { messagesPerSession: each } = scenario;
    return [each === null ? 'connections kept' : `${formatCounted(each, 'message')} per connection`, ...message];
  }
  return [`steps ${stepWords(steps).join(' ')}`, ...(hasMail(steps) ? message : [])];
}

function runText({ window }: RunResult): string {
  const started = `${window.startedAt.slice(0, 10)} ${window.startedAt.slice(11, 19)} UTC`;
  const parts = [`${formatSeconds(window.measuredSec)} measured`];
  if (window.warmupSec > 0) parts.unshift(`${formatSeconds(window.warmupSec)} warm-up`);
  if (window.drainSec > 0) parts.push(`${formatSeconds(window.drainSec)} drain`);
  return `${started}, ${parts.join(', ')}`;
}

function machineText({ environment, tool }: RunResult): string {
  const { node, platform, kernel, arch, cpuModel, cores, cpuLimit, memoryBytes } = environment;
  const runtime = node.startsWith('v') ? node.slice(1) : node;
  const limit = cpuLimit === null ? '' : ` (limited to ${String(Math.round(cpuLimit * 100) / 100)})`;
  return `${tool.name} ${tool.version}, Node ${runtime}, ${[platform, kernel, arch].filter((word) => word !== '').join(' ')}, ${cores} x ${cpuModel}${limit}, ${formatBytes(memoryBytes)}`;
}
