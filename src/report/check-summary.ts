/** From the facts that a check brought back to its result: what follows from them, and what they are called. */
import type { CheckCertificate, CheckRecord, CheckReply } from '../messages/check-record.js';
import type { PinnedAddress } from '../messages/coordinator-worker.js';
import type { CheckPlan } from '../plan/check-plan.js';
import { meaningOfReply } from '../protocol/reply-codes.js';
import { certificateProblems, daysUntil } from './check-certificate.js';
import { limitText } from './check-limits.js';
import type { CheckResult } from './check-schema.js';

/** Everything a result is made of. */
export interface CheckFindings {
  readonly plan: CheckPlan;
  /** Every address behind the target's name, and the one that was used. */
  readonly addresses: readonly PinnedAddress[];
  readonly address: PinnedAddress;
  readonly record: CheckRecord;
  readonly tool: CheckResult['tool'];
  readonly startedAt: Date;
  readonly lastedSec: number;
}

/** Makes the result of a check that could tell something. */
export function summariseCheck({
  plan,
  addresses,
  address,
  record,
  tool,
  startedAt,
  lastedSec,
}: CheckFindings): CheckResult {
  const { keywords, keywordsAfterTls, greeting, hello } = record;
  if (greeting === null || hello === null) throw new TypeError('a record without a problem has a greeting and a hello');
  const offered = keywordsAfterTls ?? keywords;
  return {
    schema: 'postrush.check/1',
    complete: record.isComplete,
    tool,
    startedAt: startedAt.toISOString(),
    lastedSec,
    target: {
      url: plan.session.target.url,
      protocol: plan.session.target.protocol,
      addresses: addresses.map((one) => one.address),
      address: address.address,
    },
    greeting: replyOf(greeting),
    hello: { verb: hello.verb, ehloRefusal: hello.ehloRefusal === null ? null : replyOf(hello.ehloRefusal) },
    extensions: {
      before: [...keywords],
      afterTls: keywordsAfterTls === null ? null : [...keywordsAfterTls],
      added: keywordsAfterTls?.filter((keyword) => !keywords.includes(keyword)) ?? [],
      removed: keywordsAfterTls === null ? [] : keywords.filter((keyword) => !keywordsAfterTls.includes(keyword)),
    },
    auth: authOf(plan, record),
    size: sizeOf(offered),
    tls: tlsOf(plan, record, startedAt),
    pipelining: {
      offered: parametersOf(offered, 'PIPELINING') !== null,
      works: record.pipelining?.isRight ?? null,
      sent: [...(record.pipelining?.sent ?? [])],
      codes: record.pipelining?.replies.map(({ code }) => code) ?? [],
    },
    enhancedCodes: enhancedOf(offered, record),
    commands: record.commands.map(({ command, reply }) => ({
      command,
      reply: replyOf(reply),
      // The code alone: the server's own words stand beside it.
      meaning: meaningOfReply(reply.code, 0),
    })),
    times: timesOf(record),
    limits:
      record.limits?.map((finding) => ({
        name: finding.name,
        outcome: finding.outcome,
        text: limitText(finding),
        passed: finding.passed,
        sought: finding.cap,
        reply: finding.reply === null ? null : replyOf(finding.reply),
        ending: finding.loss,
      })) ?? null,
    notes: [...record.notes],
    traffic: { ...record.traffic },
  };
}

function replyOf({ code, enhanced, text }: CheckReply): CheckResult['greeting'] {
  return { code, enhanced, text };
}

function authOf({ session }: CheckPlan, { keywords, keywordsAfterTls }: CheckRecord): CheckResult['auth'] {
  const before = mechanismsOf(keywords);
  return {
    before,
    afterTls: keywordsAfterTls === null ? null : mechanismsOf(keywordsAfterTls),
    offeredInClear: before.length > 0 && session.tls.mode !== 'implicit',
  };
}

/** "AUTH=LOGIN" is the form of the drafts before RFC 2554, which some servers send beside the right one. */
function mechanismsOf(keywords: readonly string[]): string[] {
  const all = keywords.flatMap((line) => {
    const [, names] = /^\s*AUTH[ =](.*)$/i.exec(line) ?? [];
    return (names ?? '').toUpperCase().split(/[ =]+/);
  });
  return [...new Set(all.filter((name) => name !== ''))];
}

function sizeOf(keywords: readonly string[]): CheckResult['size'] {
  const parameters = parametersOf(keywords, 'SIZE');
  if (parameters === null) return { declared: false, maxBytes: null };
  // RFC 1870 §4 allows 20 digits, more than a double holds.
  const digits = /^\d{1,20}$/.exec(parameters)?.[0];
  return { declared: true, maxBytes: digits === undefined ? null : Math.min(Number(digits), Number.MAX_SAFE_INTEGER) };
}

/** What stands behind a keyword; null: it is not offered. */
function parametersOf(keywords: readonly string[], keyword: string): string | null {
  for (const line of keywords) {
    const [name, ...rest] = line.trim().split(/ +/);
    if (name?.toUpperCase() === keyword) return rest.join(' ');
  }
  return null;
}

function tlsOf({ session }: CheckPlan, record: CheckRecord, now: Date): CheckResult['tls'] {
  const { tls, tlsProblem, tlsVersions, keywords } = record;
  const isOffered = parametersOf(keywords, 'STARTTLS') !== null;
  const certificate = tls?.certificate ?? null;
  return {
    begin: session.tls.mode === 'implicit' ? 'implicit' : isOffered ? 'starttls' : 'none',
    problem: tlsProblem === '' ? null : tlsProblem,
    protocol: tls?.protocol ?? null,
    cipher: tls?.cipher ?? null,
    group: tls?.group ?? null,
    versions: tlsVersions.map((finding) => ({ ...finding })),
    certificate: certificate === null ? null : certificateOf(certificate, now),
  };
}

function certificateOf(
  { subject, issuer, names, key, validFrom, validUntil, chainError, checkedName, isNameRight }: CheckCertificate,
  now: Date,
): NonNullable<CheckResult['tls']['certificate']> {
  return {
    subject,
    issuer,
    names,
    key,
    validFrom,
    validUntil,
    daysLeft: daysUntil(validUntil, now),
    trusted: chainError === null && isNameRight,
    chainError,
    checkedName,
    nameMatches: isNameRight,
    problems: certificateProblems({ chainError, checkedName, isNameRight }),
  };
}

function enhancedOf(keywords: readonly string[], { codedReplies, uncoded }: CheckRecord): CheckResult['enhancedCodes'] {
  const isOffered = parametersOf(keywords, 'ENHANCEDSTATUSCODES') !== null;
  return {
    offered: isOffered,
    replies: codedReplies,
    without: [...uncoded],
    consistent: !isOffered || uncoded.length === 0,
  };
}

function timesOf({ times }: CheckRecord): CheckResult['times'] {
  const whole = (us: number | null): number | null => (us === null ? null : Math.round(us));
  return {
    connectUs: whole(times.connectUs),
    tlsUs: whole(times.tlsUs),
    greetingUs: whole(times.greetingUs),
    helloUs: whole(times.helloUs),
    starttlsUs: whole(times.starttlsUs),
    mailUs: whole(times.mailUs),
    rsetUs: whole(times.rsetUs),
    quitUs: whole(times.quitUs),
    noop: roundTrips(times.noopUs),
  };
}

function roundTrips(latenciesUs: readonly number[]): CheckResult['times']['noop'] {
  const sorted = latenciesUs.map(Math.round).sort((a, b) => a - b);
  const [minUs] = sorted;
  if (minUs === undefined) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? minUs;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? minUs;
  return { count: sorted.length, minUs, medianUs: Math.round((lower + upper) / 2), maxUs: sorted.at(-1) ?? minUs };
}
