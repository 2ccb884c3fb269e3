/** What steps say in texts of their own, judged as the options of a scenario are. Pure. */
import type { ScriptStep } from './script-steps.js';
import type { TemplateRules } from './template-rules.js';

/** Something wrong with a text of a step. */
export interface TextProblem {
  /** Within the list of steps: `[3, 'repeat', 'steps', 0, 'rcpt']`. */
  readonly at: readonly (string | number)[];
  readonly message: string;
}

/** One sentence on each text of the steps that may not be used. */
export function textProblems(
  steps: readonly ScriptStep[],
  rules: TemplateRules,
  above: TextProblem['at'] = [],
): readonly TextProblem[] {
  return steps.flatMap((step, index) => {
    const at = [...above, index, step.kind];
    switch (step.kind) {
      case 'repeat':
        return textProblems(step.steps, rules, [...at, 'steps']);
      case 'choose':
        return step.branches.flatMap(({ steps: own }, way) => textProblems(own, rules, [...at, way, 'steps']));
      default:
        return [
          ...addressesOf(step).flatMap((text) => wrapped(addressProblem(text, step.kind === 'mail', rules), at)),
          ...textsOf(step).flatMap((text) => wrapped(rules.textProblem(text, step.kind === 'raw'), at)),
        ];
    }
  });
}

function wrapped(message: string | null, at: TextProblem['at']): readonly TextProblem[] {
  return message === null ? [] : [{ at, message }];
}

function addressProblem(text: string, mayBeEmpty: boolean, rules: TemplateRules): string | null {
  if (text === '') return mayBeEmpty ? null : 'takes an address: only the sender may be empty';
  const problem = rules.addressProblem(text);
  return problem === null ? null : `'${text}' ${problem}`;
}

/** Addresses that a step has in place of those of the scenario. */
function addressesOf(step: ScriptStep): readonly string[] {
  if (step.kind === 'mail') return step.from === null ? [] : [step.from];
  if (step.kind !== 'rcpt') return [];
  const { recipients } = step;
  return 'addresses' in recipients ? recipients.addresses : [recipients.to ?? []].flat();
}

/** Other texts of a step that may hold templates. */
function textsOf(step: ScriptStep): readonly string[] {
  switch (step.kind) {
    case 'ehlo':
    case 'helo':
    case 'lhlo':
      return [step.name ?? ''];
    case 'auth':
      return [step.user ?? '', step.password ?? ''];
    case 'mail':
    case 'rcpt':
      return [step.parameters];
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

/** Names of the values that sessions of these steps capture, each once, in the order of the steps. */
export function captureNames(steps: readonly ScriptStep[]): readonly string[] {
  const names = steps.flatMap((step): readonly string[] => {
    if (step.kind === 'repeat') return captureNames(step.steps);
    if (step.kind === 'choose') return step.branches.flatMap(({ steps: own }) => captureNames(own));
    return 'captures' in step ? step.captures.map(({ name }) => name) : [];
  });
  return [...new Set(names)];
}

/** Whether one of the steps, at any depth, is of this kind. */
export function hasStep(steps: readonly ScriptStep[], kind: ScriptStep['kind']): boolean {
  return steps.some((step) => {
    if (step.kind === 'repeat') return hasStep(step.steps, kind);
    if (step.kind === 'choose') return step.branches.some(({ steps: own }) => hasStep(own, kind));
    return step.kind === kind;
  });
}

/** Whether steps at any depth have senders or recipients of their own, in place of those of the scenario. */
export function ownAddresses(steps: readonly ScriptStep[]): { readonly sender: boolean; readonly recipient: boolean } {
  let sender = false;
  let recipient = false;
  const look = (step: ScriptStep): void => {
    if (step.kind === 'repeat') step.steps.forEach(look);
    else if (step.kind === 'choose') for (const branch of step.branches) branch.steps.forEach(look);
    else if (step.kind === 'mail') sender ||= step.from !== null;
    else if (step.kind === 'rcpt') recipient ||= 'addresses' in step.recipients || step.recipients.to !== null;
  };
  steps.forEach(look);
  return { sender, recipient };
}
