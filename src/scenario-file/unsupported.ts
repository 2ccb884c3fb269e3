/** What the grammar of scenario files has and the engine cannot do yet: the one place that refuses it. */
import type { ConfigPath } from '../config-file/read-config.js';
import type { ConfigIssue } from '../errors.js';
import type { ScriptStep } from '../plan/script-steps.js';
import type { ScenarioFile } from './scenario-file.js';

const NOT_YET = 'is understood, but this version cannot run it yet';

/** Every use of what cannot be done yet. */
export function unsupportedIn(file: ScenarioFile): readonly ConfigIssue[] {
  const { written, scenarios } = file;
  const issues: ConfigIssue[] = [];
  const refuse = (path: ConfigPath, what: string): void => void issues.push(file.problemAt(path, `${what} ${NOT_YET}`));
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
    if (step.kind === 'repeat') {
      refuseSteps(step.steps, [...place, 'repeat', 'steps'], refuse);
      continue;
    }
    if (step.kind === 'choose') {
      step.branches.forEach(({ steps: own }, way) => refuseSteps(own, [...place, 'choose', way, 'steps'], refuse));
      continue;
    }
    if ('captures' in step && step.captures.length > 0) refuse([...place, 'capture'], 'a capture');
    if (step.kind === 'auth' && (step.mechanism ?? step.user ?? step.password) !== null)
      refuse(place, 'auth of its own');
    if (textsOf(step).some((text) => text.includes('{{'))) refuse(place, 'a template');
  }
}

/** Texts of a step that may hold templates. */
function textsOf(step: ScriptStep): readonly string[] {
  switch (step.kind) {
    case 'ehlo':
    case 'helo':
    case 'lhlo':
      return [step.name ?? ''];
    case 'mail':
      return [step.from ?? '', step.parameters];
    case 'rcpt': {
      const { recipients, parameters } = step;
      return [...('addresses' in recipients ? recipients.addresses : [recipients.to ?? '']), parameters];
    }
    case 'noop':
    case 'vrfy':
    case 'expn':
    case 'help':
      return [step.argument];
    case 'raw':
      return [step.text];
    default:
      return [];
  }
}
