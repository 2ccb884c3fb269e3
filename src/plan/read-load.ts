/** Reads when clients come and when the run ends: closed load, or arrivals by plan. The rules between those options live here. */
import type { Delay } from '../delay.js';
import { LoadProfile, type ProfileSegment } from './load-profile.js';
import type { ArrivalPlan, LoadPlan, ScenarioPlan } from './load-plan.js';
import type { OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { MAX_RATE_PER_SEC, PROFILE_GRAMMAR, parseProfile } from './parse-profile.js';
import { sendsMail } from './script-counts.js';
import { markedAt } from './text-mark.js';
import { formatDuration, parseDurationMs, parseRatePerSec } from './units.js';

/** A timer of Node holds 31 bits of ms, 596 hours. */
export const MAX_DURATION_MS = 500 * 3_600_000;
/** Keeps products exact (messages × recipients < 2^53). */
const MAX_MESSAGES = 1_000_000_000_000;

/** How long a warm-up that ends by itself lasts at most behind the ramp, ms. */
const MAX_AUTO_WARMUP_MS = 60_000;

/** What readers of a load give. */
type ReadLoad = Pick<
  LoadPlan,
  'arrivals' | 'rampMs' | 'thinkMs' | 'durationMs' | 'messages' | 'connections' | 'warmupMs' | 'isWarmupAuto'
>;

/**
 * Reads how clients come, and what begins and ends the measured time.
 *
 * @param lanes - scenarios times targets
 */
export function readLoad(
  reader: OptionReader,
  scenarios: readonly Pick<ScenarioPlan, 'session' | 'messagesPerSession'>[],
  lanes: number,
): ReadLoad {
  const hasMail = scenarios.some(({ session }) => sendsMail(session.steps));
  const { isEnded, ...end } = readEnd(reader, hasMail);
  const curve = readCurve(reader);
  if (curve === null) {
    for (const option of ['arrivals', 'onFull', 'reuse'] as const) {
      if (reader.has(option)) reader.refuse(option, 'is for arrivals by plan: give --rate or --profile');
    }
    const durationMs = end.durationMs ?? (isEnded ? null : DEFAULTS.durationMs);
    const rampMs = reader.durationMs('ramp', DEFAULTS.rampMs, 0, MAX_DURATION_MS);
    const warmup = readWarmup(reader, rampMs);
    return { arrivals: null, rampMs, thinkMs: readThink(reader), ...end, durationMs, ...warmup };
  }
  for (const option of ['ramp', 'think'] as const) {
    if (reader.has(option))
      reader.refuse(option, 'is for closed load: a profile has ramps of its own, and arrivals do not wait');
  }
  if (end.messages !== null) checkMessages(reader, scenarios);
  const isReusing = reader.flag('reuse');
  if (isReusing && !hasMail) reader.refuse('reuse', 'is for sessions that send mail');
  if (isReusing && lanes > 1) reader.refuse('reuse', 'takes one scenario and one target: sessions are kept for both');
  const warmup = readWarmup(reader, 0);
  const isDecided = !(warmup.isWarmupAuto && reader.has('profile'));
  if (!isDecided)
    reader.refuse('warmup', 'takes a time with --profile, whose rates say nothing of when it is warm', 'auto');
  const warmupMs = isDecided ? warmup.warmupMs : 0;
  const durationMs = reader.has('profile')
    ? durationOf(reader, curve.profile, end.durationMs, warmupMs)
    : (end.durationMs ?? (isEnded ? null : DEFAULTS.durationMs));
  const arrivals: ArrivalPlan = {
    ...curve,
    endMs: durationMs === null ? null : warmupMs + durationMs,
    pattern: reader.choice('arrivals', DEFAULTS.arrivals, ['even', 'poisson']),
    onFull: reader.choice('onFull', DEFAULTS.onFull, ['drop', 'queue']),
    isReusing,
  };
  return { arrivals, rampMs: 0, thinkMs: 0, ...end, durationMs, ...warmup };
}

/** A time, or `auto`. */
function readWarmup(reader: OptionReader, rampMs: number): Pick<LoadPlan, 'warmupMs' | 'isWarmupAuto'> {
  const text = reader.written('warmup');
  if (text === null) return { warmupMs: DEFAULTS.warmupMs, isWarmupAuto: false };
  if (text.toLowerCase() === 'auto') return { warmupMs: rampMs + MAX_AUTO_WARMUP_MS, isWarmupAuto: true };
  const reading = parseDurationMs(text, 0, MAX_DURATION_MS);
  if (!reading.ok) reader.refuse('warmup', `${reading.takes}, or auto`, text);
  return { warmupMs: reading.ok ? reading.value : DEFAULTS.warmupMs, isWarmupAuto: false };
}

/** `2s`, `exponential 2s` or `uniform 1s..3s`. */
function readThink(reader: OptionReader): Delay {
  const text = reader.text('think', null);
  if (text === null) return 0;
  const [, shape = '', first = '', second = ''] =
    /^\s*(?:(exponential|uniform)\s+)?([^.\s]\S*?)(?:\.\.(\S+))?\s*$/.exec(text) ?? [];
  const [from, to] = [first, second].map((time) => parseDurationMs(time, 0, MAX_DURATION_MS));
  if (from?.ok === true && shape === '' && second === '') return from.value;
  if (from?.ok === true && shape === 'exponential' && second === '' && from.value > 0)
    return { shape, meanMs: from.value };
  if (from?.ok === true && to?.ok === true && shape === 'uniform' && from.value <= to.value) {
    return { shape, minMs: from.value, maxMs: to.value };
  }
  reader.refuse('think', "takes a time such as 2s, 'exponential 2s' (its mean) or 'uniform 1s..3s'", text);
  return 0;
}

interface WrittenEnd extends Pick<LoadPlan, 'durationMs' | 'messages' | 'connections'> {
  /** A number of messages or sessions ends the run. */
  readonly isEnded: boolean;
}

function readEnd(reader: OptionReader, hasMail: boolean): WrittenEnd {
  const messages = reader.count('messages', null, 1, MAX_MESSAGES);
  const connections = reader.count('connections', null, 1, MAX_MESSAGES);
  if (messages !== null && !hasMail) {
    reader.refuse('messages', 'ends no run whose sessions send no mail: give -d or --connections');
  }
  if (connections !== null && hasMail) {
    reader.refuse('connections', 'is for sessions that send no mail: give -m for messages');
  }
  const isEnded = reader.has('messages') || reader.has('connections');
  return { durationMs: reader.durationMs('duration', null, 1, MAX_DURATION_MS), messages, connections, isEnded };
}

/** The rate over time; null: clients do not arrive by plan. */
function readCurve(reader: OptionReader): Pick<ArrivalPlan, 'written' | 'profile'> | null {
  const [rate, profile] = [reader.text('rate', null), reader.text('profile', null)];
  if (rate !== null && profile !== null) reader.refuse('rate', 'contradicts --profile: leave one of the two out', rate);
  if (profile !== null) {
    const parsed = parseProfile(profile);
    if ('segments' in parsed) return { written: profile, profile: parsed.segments };
    const { message, at } = parsed;
    reader.refuse(
      'profile',
      `${message} at character ${at + 1}; it takes ${PROFILE_GRAMMAR}`,
      profile,
      markedAt(profile, at),
    );
    return { written: profile, profile: steady(1, MAX_DURATION_MS / 1e3) };
  }
  if (rate === null) return null;
  const reading = parseRatePerSec(rate, 1e-6, MAX_RATE_PER_SEC);
  if (!reading.ok) reader.refuse('rate', reading.takes, rate);
  return { written: rate, profile: steady(reading.ok ? reading.value : 1) };
}

/** One rate, without more being said for longer than any run. */
function steady(perSec: number, sec = (2 * MAX_DURATION_MS) / 1e3): readonly ProfileSegment[] {
  return [{ sec, fromPerSec: perSec, toPerSec: perSec, periodSec: null }];
}

/** A profile says itself how long it is; the run may end before it does. */
function durationOf(
  reader: OptionReader,
  profile: readonly ProfileSegment[],
  asked: number | null,
  warmupMs: number,
): number {
  const profileMs = Math.round(new LoadProfile(profile).sec * 1e3);
  const durationMs = asked ?? profileMs - warmupMs;
  if (profileMs > MAX_DURATION_MS) reader.refuse('profile', `lasts longer than ${formatDuration(MAX_DURATION_MS)}`);
  else if (durationMs <= 0) {
    reader.refuse('warmup', `takes less than --profile, which lasts ${formatDuration(profileMs)} and begins with it`);
  } else if (warmupMs + durationMs > profileMs) {
    reader.refuse(
      'duration',
      `takes at most what --profile has behind the warm-up, ${formatDuration(profileMs - warmupMs)}: lengthen the profile`,
      formatDuration(durationMs),
    );
  }
  return Math.max(1, durationMs);
}

/** A number of messages is a number of arrivals only where all bring equally many. */
function checkMessages(
  reader: OptionReader,
  scenarios: readonly Pick<ScenarioPlan, 'session' | 'messagesPerSession'>[],
): void {
  const [first, ...others] = scenarios.map(({ messagesPerSession }) => messagesPerSession);
  const isFixed = scenarios.every(({ session }) => session.steps === null);
  if (isFixed && others.every((each) => each === first)) return;
  reader.refuse('messages', 'needs arrivals that bring equally many messages, and these do not: give -d');
}
