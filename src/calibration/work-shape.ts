/** What the work per message of a plan follows from, as a short key: plans of one key have one ceiling. */
import { createHash } from 'node:crypto';
import { wholeWeights } from '../plan/lane-table.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { redactPlan, type RedactedPlan } from '../plan/redact-plan.js';

/** Another one whenever something else goes into the key. */
const VERSION = 1;
const KEY_LENGTH = 16;

/**
 * The key of a plan. Left out is what costs the same whatever it is: targets, addresses, names, accounts, seeds, deadlines,
 * and how clients come. Arrivals with `--reuse` are messages for kept sessions, as with `-n all`.
 */
export function workShape(plan: LoadPlan): string {
  const { scenarios, targets } = redactPlan(plan);
  const weights = wholeWeights(scenarios.map(({ weight }) => weight));
  const shape = {
    version: VERSION,
    protocol: targets[0].protocol,
    scenarios: scenarios.map((scenario, index) => ({ ...workOf(scenario), weight: weights[index] })),
  };
  return createHash('sha256')
    .update(JSON.stringify(inOrder(shape)))
    .digest('hex')
    .slice(0, KEY_LENGTH);
}

function workOf(scenario: RedactedPlan['scenarios'][number]): object {
  const { tls, auth, message, from, to, helo, session, extensions, pipelining, close, proxy } = scenario;
  const { mode, verify, minVersion, maxVersion, ciphers, groups, sharePercent, resumePercent, clientCertificate } = tls;
  return {
    session,
    extensions,
    pipelining,
    close,
    messagesPerSession: scenario.messagesPerSession,
    recipients: scenario.recipients,
    proxy: proxy?.version ?? null,
    message: { bytes: message.sizeBytes, generated: message.generated, choices: message.corpus?.messages ?? 0 },
    // What is the same text in every message is octets that are ready; a template is filled in each.
    templates: [from, to, helo, message.subject].map((text) => (text.includes('{{') ? text : null)),
    auth: auth === null ? null : { mechanism: auth.mechanism, wrongPercent: auth.wrongPercent },
    tls:
      mode === 'off'
        ? null
        : {
            // The handshake is the work, and STARTTLS before it is one command.
            mode: mode === 'implicit' ? 'required' : mode,
            ...{ verify, minVersion, maxVersion, ciphers, groups, sharePercent, resumePercent, clientCertificate },
          },
  };
}

/** The same with the keys of every object in order, whoever made it. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, inOrder(each)]),
  );
}
