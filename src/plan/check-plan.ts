/** The plan of a check: where to look, and how far. Made from the plan of a run, so that both obey the same rules. */
import { PostrushError } from '../errors.js';
import { firstLane } from './lane-plan.js';
import type { LanePlan } from './lane-plan.js';
import type { LoadPlan } from './load-plan.js';
import { OPTION_NAMES } from './options.js';
import type { LoadTestOptions } from './options.js';
import { resolvePlan } from './resolve-plan.js';
import { parseTarget } from './target.js';

/** Where each search for a limit ends. */
export const LIMIT_CAPS = {
  recipients: 2_000,
  transactions: 300,
  badCommands: 50,
  lineOctets: 8_192,
  connections: 200,
  messages: 200,
  messageOctets: 32 * 1024 * 1024,
} as const;
/** No search takes longer, ms. */
export const LIMIT_SEARCH_MS = 60_000;
/** No check takes longer, whatever the server does, ms. */
export const CHECK_MAX_MS = 600_000;

/** How far a check looks for limits: not at all, as far as it goes without mail, or with messages. */
export type LimitSearch = 'none' | 'envelope' | 'messages';

/** What a check may be told; everything means what it means for a run. */
export interface CheckOptions extends Pick<
  LoadTestOptions,
  'from' | 'to' | 'helo' | 'tlsCa' | 'tlsServername' | 'timeouts' | 'allowTargets' | 'allowDomains'
> {
  readonly target: string;
}

/** Everything a check needs to know. */
export interface CheckPlan {
  readonly limits: LimitSearch;
  /** A run in which nothing is sent. */
  readonly run: LoadPlan;
  /** Its one lane: target, TLS, name, addresses and deadlines. */
  readonly session: LanePlan;
}

/**
 * Makes the plan of a check.
 *
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function resolveCheckPlan(options: CheckOptions, limits: LimitSearch): CheckPlan {
  const target = parseTarget(options.target);
  const isImplicit = !('problem' in target) && target.implicitTls;
  if (!('problem' in target) && target.isMx) {
    const issue = {
      path: OPTION_NAMES.target,
      message: 'takes one host to look at: name one of those that MX records name',
    };
    throw new PostrushError('E_CONFIG', 'these options are unusable', { issues: [issue] });
  }
  const run = resolvePlan({ ...options, ...(isImplicit ? {} : { tls: 'opportunistic' }) }, 1);
  const session = firstLane(run);
  if (limits !== 'none' && !session.to.includes('%d')) {
    const issue = {
      path: OPTION_NAMES.to,
      message: 'needs %d beside --limits, which counts recipients',
      received: session.to,
    };
    throw new PostrushError('E_CONFIG', 'these options are unusable', { issues: [issue] });
  }
  return { limits, run, session };
}
