/** What a session says beyond the standard one: scripted steps, and the flags that stand for such scripts. */
import { nameProblem } from '../data/template-variables.js';
import type { AuthPlan, SessionPlan, TlsPlan } from './load-plan.js';
import type { OptionKey, OptionReader } from './option-reader.js';
import { stepAuthProblem } from './read-auth.js';
import type { ScriptStep } from './script-steps.js';
import { CONNECT_ALONE, DATA_ALONE, parseSteps, pause, stepOf } from './session-steps.js';
import type { ContentWay } from './session-steps.js';
import { captureNames, hasStep, textProblems } from './script-texts.js';
import { authSteps } from './step-auth.js';
import type { TemplateRules } from './template-rules.js';
import { parseDurationMs } from './units.js';

/** A timer of Node holds 31 bits of ms, 596 hours. */
const MAX_HOLD_MS = 500 * 3_600_000;
/** Where `--drop-after` can end a session: behind the last reply to this. */
const DROP_PLACES = ['connect', 'greeting', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'endOfData'] as const;
/** Postfix, XCLIENT_README and XFORWARD_README. */
const XCLIENT_NAMES = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'LOGIN', 'DESTADDR', 'DESTPORT'];
const XFORWARD_NAMES = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'];

/** What else of a scenario shapes its sessions. */
interface Surroundings {
  readonly tls: TlsPlan;
  readonly auth: AuthPlan | null;
  readonly content: ContentWay;
  readonly rules: TemplateRules;
}

/** Reads how a session goes. */
export function readSession(reader: OptionReader, around: Surroundings): SessionPlan {
  const { tls, auth, content } = around;
  const usesStartTls = tls.mode === 'required' || tls.mode === 'opportunistic';
  const opening = [
    stepOf('ehlo', content),
    ...(usesStartTls ? [stepOf('starttls', content)] : []),
    ...(auth === null ? [] : [stepOf('auth', content)]),
  ];
  const isAuthOnly = reader.flag('authOnly');
  const holdMs = reader.durationMs('hold', null, 1, MAX_HOLD_MS);
  const scripted = readSteps(reader, around, usesStartTls);
  if (isAuthOnly && auth === null) reader.refuse('authOnly', 'needs --auth');
  if (scripted !== null && isAuthOnly) reader.refuse('authOnly', 'contradicts --steps');
  if (scripted !== null && holdMs !== null) reader.refuse('hold', 'contradicts --steps: put hold:TIME among them');
  const short =
    isAuthOnly || holdMs !== null
      ? [...opening, ...(holdMs === null ? [] : [pause(holdMs)]), stepOf('quit', content)]
      : null;
  const steps = readDrop(reader, scripted ?? short, opening, content);
  if (steps !== null && scripted === null && reader.has('messagesPerSession')) {
    reader.refuse(
      'messagesPerSession',
      'contradicts --drop-after, --auth-only and --hold: their sessions send one message or none',
    );
  }
  return {
    steps,
    xclient: readAttributes(reader, 'xclient', 'XCLIENT', XCLIENT_NAMES),
    xforward: readAttributes(reader, 'xforward', 'XFORWARD', XFORWARD_NAMES),
  };
}

function readSteps(
  reader: OptionReader,
  { content, rules, auth, tls }: Surroundings,
  usesStartTls: boolean,
): readonly ScriptStep[] | null {
  const tree = reader.tree('steps');
  const steps = tree ?? readWords(reader, content);
  if (steps === null) return null;
  const has = (kind: ScriptStep['kind']): boolean => hasStep(steps, kind);
  if (has('starttls') && !usesStartTls)
    reader.refuse('steps', 'has starttls, which needs --tls required or opportunistic');
  if (!has('starttls') && usesStartTls) reader.refuse('tls', 'has no place in --steps: put starttls there');
  for (const step of authSteps(steps)) {
    const problem = stepAuthProblem(step, auth, tls);
    if (problem !== null) reader.refuse('steps', problem);
  }
  if (!has('auth') && auth !== null) reader.refuse('auth', 'has no place in --steps: put auth there');
  if (reader.has('messagesPerSession')) {
    reader.refuse('messagesPerSession', 'contradicts --steps, which say what one session sends');
  }
  for (const name of captureNames(steps)) {
    const problem = nameProblem(name, 'capture');
    if (problem !== null) reader.refuse('steps', `captures ${name}: ${problem}`);
  }
  for (const { at, message } of textProblems(steps, rules)) {
    if (tree === null) reader.refuse('steps', `[${at.join('.')}]: ${message}`);
    else reader.refuseStep(at, message);
  }
  // What does not end by itself ends politely.
  const last = steps.at(-1)?.kind;
  return last === 'quit' || last === 'drop' ? steps : [...steps, stepOf('quit', content)];
}

function readWords(reader: OptionReader, content: ContentWay): readonly ScriptStep[] | null {
  const text = reader.text('steps', null);
  if (text === null) return null;
  const steps = parseSteps(text, content, (time) => {
    const reading = parseDurationMs(time, 1, MAX_HOLD_MS);
    return reading.ok ? reading.value : null;
  });
  if (!('problem' in steps)) return steps;
  reader.refuse('steps', steps.problem, text);
  return null;
}

/** Ends the steps where `--drop-after` says. */
function readDrop(
  reader: OptionReader,
  steps: readonly ScriptStep[] | null,
  opening: readonly ScriptStep[],
  content: ContentWay,
): readonly ScriptStep[] | null {
  const place = reader.choice('dropAfter', null, DROP_PLACES);
  if (place === null) return steps;
  if (steps !== null) {
    reader.refuse('dropAfter', 'contradicts --steps, --auth-only and --hold: put drop at the end of --steps');
    return steps;
  }
  const drop = stepOf('drop', content);
  const envelope = [...opening, stepOf('mail', content), stepOf('rcpt', content)];
  if (place === 'connect') return [CONNECT_ALONE, drop];
  if (place === 'greeting') return [drop];
  if (place === 'data') return [...envelope, DATA_ALONE, drop];
  if (place === 'endOfData') return [...envelope, stepOf('data', content), drop];
  const index = envelope.findIndex(({ kind }) => kind === place);
  if (index === -1) {
    reader.refuse('dropAfter', `names ${place}, which these sessions do not say`, place);
    return steps;
  }
  return [...envelope.slice(0, index + 1), drop];
}

/** `NAME=value` attributes as they stand in the command; null: none were given. */
function readAttributes(
  reader: OptionReader,
  key: OptionKey & ('xclient' | 'xforward'),
  verb: string,
  names: readonly string[],
): string | null {
  const given = reader.list(key);
  if (given.length === 0) return null;
  const words: string[] = [];
  for (const text of given) {
    const [, name = '', value = ''] = /^([A-Za-z]+)=(.+)$/s.exec(text) ?? [];
    if (!names.includes(name.toUpperCase()) || /[^\x20-\x7e]/.test(value)) {
      reader.refuse(key, `takes NAME=value with a name of ${names.join(', ')}`, text);
    } else words.push(`${name.toUpperCase()}=${xtext(value)}`);
  }
  const line = `${verb} ${words.join(' ')}`;
  if (line.length > 510) reader.refuse(key, 'makes a line of more than 512 octets: give fewer attributes');
  return line;
}

/** RFC 3461 §4: `+`, `=` and what is no visible ASCII as `+` and two hexadecimal digits. */
function xtext(value: string): string {
  return Array.from(new TextEncoder().encode(value), (octet) =>
    octet > 0x20 && octet < 0x7f && octet !== 0x2b && octet !== 0x3d
      ? String.fromCharCode(octet)
      : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
