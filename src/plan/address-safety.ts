/**
 * Who may be put under load, and to whom mail may be addressed, without the user's word. Pure judgement: names are
 * resolved elsewhere, and the addresses behind them are handed in.
 */
import type { ConfigIssue } from '../errors.js';
import { canonicalIp, isIp, judgeAddress } from './ip-address.js';
import type { LoadPlan, ScenarioPlan, SessionPlan, TargetPlan, TlsPlan } from './load-plan.js';
import { OPTION_NAMES } from './options.js';
import { showsSecret } from './read-auth.js';
import { authOfStep, authSteps } from './step-auth.js';

/** Top-level domains for tests (RFC 2606 §2, RFC 6761). */
const RESERVED_TOP_LEVELS = new Set(['test', 'example', 'invalid', 'localhost']);
/** Second-level domains for documentation (RFC 2606 §3). */
const RESERVED_DOMAINS = ['example.com', 'example.net', 'example.org'];

/** Whether a domain is reserved for tests and documentation, so that mail for it can reach no stranger. */
export function isReservedDomain(domain: string): boolean {
  const name = plainName(domain);
  const topLevel = name.slice(name.lastIndexOf('.') + 1);
  return RESERVED_TOP_LEVELS.has(topLevel) || RESERVED_DOMAINS.some((reserved) => isWithin(name, reserved));
}

/** Whether consent for `allowed` covers `domain`: the very domain or one below it. */
export function isAllowedDomain(domain: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => isWithin(plainName(domain), plainName(one)));
}

/** A host in the one form in which hosts are compared: addresses canonical, names in lower case without a final dot. */
function plainHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return canonicalIp(bare) ?? plainName(bare);
}

/** What {@link checkPinnedAddresses} needs of a plan. */
export interface GuardedPlan extends Pick<LoadPlan, 'allowTargets' | 'authClear'> {
  readonly scenarios: readonly GuardedScenario[];
}

/** What it needs of a scenario. */
interface GuardedScenario extends Pick<ScenarioPlan, 'auth'> {
  readonly tls: Pick<TlsPlan, 'mode' | 'sharePercent'>;
  /** Missing: sessions have no steps of their own. */
  readonly session?: Pick<SessionPlan, 'steps'>;
}

/**
 * Judges the addresses that a target stands for. For an address literal the plan has been judged when it was made;
 * for a name this is asked again once its addresses are known, before the first connection.
 *
 * @param plan - the plan, or as much of it as matters here
 * @param target - one of its targets
 * @param addresses - every address behind the target's name, or the literal itself
 * @returns an issue per rule that is broken; empty: the load may start
 */
export function checkPinnedAddresses(
  plan: GuardedPlan,
  { host }: Pick<TargetPlan, 'host'>,
  addresses: readonly string[],
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const stranger = addresses.find((address) => judgeAddress(address) === 'public');
  if (stranger !== undefined && !isAllowedTarget(plan, host)) {
    issues.push({ path: OPTION_NAMES.target, message: strangerSentence(host, stranger) });
  }
  const offLoopback = addresses.find((address) => judgeAddress(address) !== 'loopback');
  const shown = plan.scenarios.find(showsPassword);
  if (shown !== undefined && offLoopback !== undefined && !plan.authClear) {
    const isShared = shown.tls.sharePercent < 100;
    issues.push({
      path: OPTION_NAMES.auth,
      message:
        `would send the password in clear to ${offLoopback}, which is not this machine: ${isShared ? 'leave --tls-share out' : 'use --tls required or smtps://'}, ` +
        'or give --auth-clear if that is what you want',
    });
  }
  return issues;
}

/** Whether sessions may show their password to whoever reads along. */
function showsPassword({ auth, tls, session }: GuardedScenario): boolean {
  const mayBeClear = tls.mode === 'off' || tls.mode === 'opportunistic' || tls.sharePercent < 100;
  const auths = [
    ...(auth === null ? [] : [auth]),
    ...authSteps(session?.steps ?? []).map((step) => authOfStep(auth, step)),
  ];
  return mayBeClear && auths.some(({ password, mechanism }) => password !== '' && showsSecret(mechanism));
}

function isAllowedTarget({ allowTargets }: GuardedPlan, host: string): boolean {
  return allowTargets.some((allowed) => plainHost(allowed) === plainHost(host));
}

function strangerSentence(host: string, address: string): string {
  const who = isIp(host) ? host : `${host} has the address ${address}, which`;
  return `${who} is neither loopback nor private: if its owner agrees to the load, give --allow-target ${host}`;
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** What is said of the first domain that neither is reserved nor has consent; null: there is none. */
export function strangeDomain(domains: readonly string[], allowDomains: readonly string[]): string | null {
  const strange = domains.find((domain) => !isReservedDomain(domain) && !isAllowedDomain(domain, allowDomains));
  if (strange === undefined) return null;
  const consent = strange.replace(/^.*%d[^.]*\.?/, '');
  return `names ${strange}, a domain that is not reserved for tests: if mail may go there, give --allow-domain ${consent}`;
}
