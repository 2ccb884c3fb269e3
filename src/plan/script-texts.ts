/** What steps say in texts of their own, judged as the options of a scenario are. Pure. */
import { strangeDomain } from './address-safety.js';
import { parseMailAddress } from './mail-address.js';
import type { ScriptStep } from './script-steps.js';

/** What decides whether an address may be used. */
interface AddressRules {
  readonly isUtf8: boolean;
  readonly allowDomains: readonly string[];
}

/** One sentence on each address of the steps that may not be used, with the place of its step: `[3].rcpt`. */
export function addressProblems(steps: readonly ScriptStep[], rules: AddressRules, place = ''): readonly string[] {
  return steps.flatMap((step, index) => {
    const here = `${place}[${String(index)}].${step.kind}`;
    switch (step.kind) {
      case 'mail':
        return step.from === null || step.from === '' ? [] : problemsOf([step.from], rules, here);
      case 'rcpt': {
        const { recipients } = step;
        return problemsOf('addresses' in recipients ? recipients.addresses : [recipients.to ?? []].flat(), rules, here);
      }
      case 'repeat':
        return addressProblems(step.steps, rules, `${here}.steps`);
      case 'choose':
        return step.branches.flatMap(({ steps: own }, way) =>
          addressProblems(own, rules, `${here}[${String(way)}].steps`),
        );
      default:
        return [];
    }
  });
}

function problemsOf(addresses: readonly string[], { isUtf8, allowDomains }: AddressRules, place: string): string[] {
  return addresses.flatMap((text) => {
    const address = parseMailAddress(text, isUtf8);
    if ('takes' in address) return [`${place}: '${text}' ${address.takes}`];
    if (address.path === '') return [`${place}: takes an address: only the sender may be empty`];
    const strange = strangeDomain(address.domains, allowDomains);
    return strange === null ? [] : [`${place}: ${strange}`];
  });
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
