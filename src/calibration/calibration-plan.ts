/** A plan as it is calibrated: closed load on a sink that takes all of it, and that sink. Pure. */
import { AccountList } from '../plan/accounts.js';
import type { LoadPlan, ScenarioPlan } from '../plan/load-plan.js';
import { sendsMail } from '../plan/script-counts.js';
import { authOfStep, authSteps } from '../plan/step-auth.js';
import type { SinkOptions, SinkTls } from '../sink/sink-options.js';

/** Load before the measured time: code that is not compiled yet costs more. */
const WARMUP_MS = 1000;
const DRAIN_MS = 2000;
/** More recipients no message has. */
const MAX_RECIPIENTS = 1_000_000;

/** Why a plan cannot be calibrated, one sentence each, as said of the whole; empty: it can. */
export function calibrationProblems({ scenarios }: Pick<LoadPlan, 'scenarios'>): string[] {
  const problems: string[] = [];
  if (!scenarios.every(({ session }) => sendsMail(session.steps))) {
    problems.push('takes sessions that send mail: a ceiling is in messages per second');
  }
  const auths = scenarios.flatMap(authsOf);
  if (auths.some(({ user, password }) => user.includes('{{') || password.includes('{{'))) {
    problems.push('knows the accounts of AUTH only where they are written out: its sink cannot look into templates');
  }
  if (auths.some(({ mechanism, user, accounts }) => mechanism === 'oauthbearer' && user === '' && accounts === null)) {
    problems.push('needs --user beside oauthbearer: its sink knows whose a token is by the name alone');
  }
  const isUnknown = ({ session, extensions }: ScenarioPlan): boolean =>
    session.xclient !== null || session.xforward !== null || extensions.requireTls;
  if (scenarios.some(isUnknown)) {
    problems.push('cannot do XCLIENT, XFORWARD and REQUIRETLS, which its sink does not offer: leave them out');
  }
  return problems;
}

/** The sink for a plan: without delay, and whatever the plan shows it is right. */
export function sinkFor(plan: LoadPlan, pair: { readonly cert: string; readonly key: string }): SinkOptions {
  const { scenarios, targets } = plan;
  const users = new Map<string, string>();
  for (const { user, password, accounts } of scenarios.flatMap(authsOf)) {
    if (user !== '') users.set(user, password);
    if (accounts === null) continue;
    const list = new AccountList(accounts);
    for (let index = 0; index < accounts.count; index++) {
      const account = list.at(index);
      users.set(account.user, account.password);
    }
  }
  const shown = scenarios.flatMap(({ tls }) => tls.clientCertificate?.certPem ?? []);
  const tls: SinkTls = shown.length === 0 ? pair : { ...pair, clientCa: shown.join('\n') };
  const isImplicit = scenarios.some(({ tls: { mode } }) => mode === 'implicit');
  const scheme = targets[0].protocol === 'lmtp' ? 'lmtp' : isImplicit ? 'smtps' : 'smtp';
  return {
    listen: [`${scheme}://127.0.0.1:0`],
    replyDelayMs: 0,
    tls,
    users: Object.fromEntries(users),
    maxRecipients: MAX_RECIPIENTS,
    forcedOutcomes: false,
  };
}

/** The plan as closed load. Nothing of it waits, is judged, or names an address that only the real target knows. */
export function closedPlan(
  plan: LoadPlan,
  { sessions, durationMs, trustedPem }: { sessions: number; durationMs: number; trustedPem: string },
): LoadPlan {
  const closed = (scenario: ScenarioPlan): ScenarioPlan => ({
    ...scenario,
    tls: {
      ...scenario.tls,
      serverName: null,
      caPem: scenario.tls.mode === 'off' || !scenario.tls.verify ? null : trustedPem,
    },
    localAddresses: [],
    proxy: null,
    retry: null,
  });
  const [first, ...others] = plan.scenarios;
  return {
    ...plan,
    scenarios: [closed(first), ...others.map(closed)],
    arrivals: null,
    rampMs: 0,
    thinkMs: 0,
    sessions,
    durationMs,
    messages: null,
    connections: null,
    warmupMs: WARMUP_MS,
    isWarmupAuto: false,
    drainMs: Math.min(plan.drainMs, DRAIN_MS),
    objectives: [],
    abortOnFail: false,
    gates: [],
    workers: Math.min(plan.workers, sessions),
  };
}

/** What sessions of a scenario may authenticate with. */
function authsOf({ auth, session }: ScenarioPlan): ReturnType<typeof authOfStep>[] {
  const usual = auth === null ? [] : [auth];
  return [...usual, ...authSteps(session.steps ?? []).map((step) => authOfStep(auth, step))];
}
