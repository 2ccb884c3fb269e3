/**
 * What the grammar of scenario files has and the engine cannot do yet: the one place that refuses it. Until scripts are
 * compiled from their trees, simple ones are told as the words of `--steps`.
 */
import type { ConfigPath } from '../config-file/read-config.js';
import type { ConfigIssue } from '../errors.js';
import type { ScriptStep } from '../plan/script-steps.js';
import { formatDuration } from '../plan/units.js';
import type { ScenarioFile } from './scenario-file.js';

const NOT_YET = 'is understood, but this version cannot run it yet';

/** Every use of what cannot be done yet. */
export function unsupportedIn(file: ScenarioFile): readonly ConfigIssue[] {
  const { written, scenarios } = file;
  const issues: ConfigIssue[] = [];
  const refuse = (path: ConfigPath, what: string): void => void issues.push(file.problemAt(path, `${what} ${NOT_YET}`));
  if (scenarios.length > 1) refuse(['scenarios'], 'more than one scenario');
  if (written.feeders !== undefined) refuse(['feeders'], 'a feeder');
  if (written.corpus !== undefined) refuse(['corpus'], 'a corpus of messages');
  for (const { steps, settings, path } of scenarios) {
    for (const { value, path: place } of settings) {
      if (typeof value === 'string' && value.includes('{{')) refuse(place, 'a template');
    }
    if (steps !== null) refuseSteps(steps, [...path, 'steps'], refuse);
  }
  return issues;
}

function refuseSteps(
  steps: readonly ScriptStep[],
  path: ConfigPath,
  refuse: (path: ConfigPath, what: string) => void,
): void {
  for (const [index, step] of steps.entries()) {
    const place = [...path, index];
    if ('expect' in step && step.expect !== null) refuse([...place, 'expect'], 'an expectation');
    if ('captures' in step && step.captures.length > 0) refuse([...place, 'capture'], 'a capture');
    if (wordOf(step) === null)
      refuse(place, step.kind === 'repeat' || step.kind === 'choose' ? step.kind : `${step.kind} of that kind`);
  }
}

/** Steps in the words of `--steps`; null: there are no words for some of them. */
export function stepWords(steps: readonly ScriptStep[]): string | null {
  const words = steps.flatMap((step) => wordOf(step) ?? []);
  return words.length < steps.length ? null : words.filter((word) => word !== '').join(' ');
}

/** One step in such a word; null: there is none. */
function wordOf(step: ScriptStep): string | null {
  switch (step.kind) {
    case 'connect':
      return step.awaitsGreeting ? '' : null;
    case 'ehlo':
    case 'lhlo':
      return step.name === null ? 'ehlo' : null;
    case 'helo':
      return step.name === null ? step.kind : null;
    case 'auth':
      return step.mechanism === null && step.user === null && step.password === null ? step.kind : null;
    case 'mail':
      return step.from === null && step.parameters === '' ? step.kind : null;
    case 'rcpt': {
      const isPlain = 'count' in step.recipients && step.recipients.count === null && step.recipients.to === null;
      return isPlain && step.parameters === '' ? step.kind : null;
    }
    case 'data':
      return step.sendsContent ? step.kind : null;
    case 'noop':
    case 'vrfy':
    case 'expn':
    case 'help':
      return step.argument === '' ? step.kind : quoted(step.kind, step.argument);
    case 'raw':
      return quoted(step.kind, step.text);
    case 'pause':
      return typeof step.delay === 'number' ? `hold:${formatDuration(step.delay)}` : null;
    case 'drop':
      return step.how === null ? step.kind : null;
    case 'starttls':
    case 'rset':
    case 'quit':
      return step.kind;
    case 'bdat':
    case 'repeat':
    case 'choose':
      return null;
  }
}

function quoted(word: string, text: string): string | null {
  return /["\p{Cc}]|[^\x20-\x7e]|\{\{/u.test(text) ? null : `${word}:"${text}"`;
}
