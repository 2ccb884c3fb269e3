/** A plan as it may be printed and stored. */
import type { FeederPlan } from '../data/feeder.js';
import type { AccountsPlan, AuthPlan, LoadPlan, MessagePlan, ScenarioPlan, TlsPlan } from './load-plan.js';
import type { ScriptStep } from './script-steps.js';

/** A plan without its passwords and keys, and without the octets of files that would only swell a result. */
export interface RedactedPlan extends Omit<LoadPlan, 'scenarios' | 'feeders' | 'functions'> {
  /** Names of the functions of a module. */
  readonly functions: readonly string[];
  readonly scenarios: readonly RedactedScenario[];
  /** How many rows there are, and how messages come by them. */
  readonly feeders: readonly RedactedFeeder[];
}

interface RedactedFeeder extends Pick<FeederPlan, 'name' | 'order'> {
  readonly rows: number;
  readonly columns: readonly string[];
}

interface RedactedScenario extends Omit<ScenarioPlan, 'auth' | 'message' | 'tls'> {
  /** `user`: '' with `accounts`, which say how many there are and in which order sessions take them. */
  readonly auth:
    (Omit<AuthPlan, 'password' | 'accounts'> & { readonly accounts: Omit<AccountsPlan, 'text'> | null }) | null;
  /** `generated`: the text is made by postrush; otherwise it came from a file. `corpus`: how many messages there are to choose from; null: no choice. */
  readonly message: Omit<MessagePlan, 'content' | 'corpus'> & {
    readonly generated: boolean;
    readonly corpus: { readonly messages: number } | null;
  };
  /** `ownCa`: certificates are checked against roots of the user. `clientCertificate`: we have one to show. */
  readonly tls: Omit<TlsPlan, 'caPem' | 'clientCertificate'> & {
    readonly ownCa: boolean;
    readonly clientCertificate: boolean;
  };
}

/** Leaves out of a plan what no result may hold. */
export function redactPlan(plan: LoadPlan): RedactedPlan {
  const feeders = plan.feeders.map(({ name, order, rows: { rows, columns } }) => ({ name, order, rows, columns }));
  return { ...plan, functions: plan.functions?.names ?? [], feeders, scenarios: plan.scenarios.map(redactScenario) };
}

function redactScenario(scenario: ScenarioPlan): RedactedScenario {
  const { caPem, clientCertificate, ...tls } = scenario.tls;
  const { sizeBytes, subject, content, corpus } = scenario.message;
  const messages = (corpus?.data ?? corpus?.chunks)?.shareEnd.length ?? 0;
  return {
    ...scenario,
    auth: scenario.auth === null ? null : redactAuth(scenario.auth),
    message: { sizeBytes, subject, generated: content === null, corpus: corpus === null ? null : { messages } },
    tls: { ...tls, ownCa: caPem !== null, clientCertificate: clientCertificate !== null },
    session: { ...scenario.session, steps: scenario.session.steps?.map(redactStep) ?? null },
  };
}

function redactStep(step: ScriptStep): ScriptStep {
  switch (step.kind) {
    case 'auth':
      return { ...step, password: null };
    case 'repeat':
      return { ...step, steps: step.steps.map(redactStep) };
    case 'choose':
      return { ...step, branches: step.branches.map((each) => ({ ...each, steps: each.steps.map(redactStep) })) };
    default:
      return step;
  }
}

function redactAuth({ mechanism, user, accounts, wrongPercent }: AuthPlan): RedactedScenario['auth'] {
  if (accounts === null) return { mechanism, user, accounts, wrongPercent };
  const { count, order } = accounts;
  return { mechanism, user: '', accounts: { count, order }, wrongPercent };
}
