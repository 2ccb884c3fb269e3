/** Looks for the limits that need whole messages. They go to one recipient, in the domains that the plan allows. */
import type { LimitFinding } from '../src/messages/check-record.js';
import { LIMIT_CAPS } from '../src/plan/check-plan.js';
import { formatSize } from '../src/plan/units.js';
import { inSession, type LimitTask } from './check-limits.js';
import { declaredSize, type CheckDraft } from './check-draft.js';
import { LimitSearch } from './limit-search.js';
import { isLoss, type ProbeLoss, type ProbeReply, type ProbeSession } from './probe-session.js';
import { isPositive, quote, type Prober } from './prober.js';

/** The searches in their order. */
export function messageLimitTasks(prober: Prober, draft: CheckDraft): LimitTask[] {
  return [
    { stage: 'counting messages', find: () => messages(prober) },
    { stage: 'sending a message above the declared SIZE', find: () => messageOctets(prober, draft) },
  ];
}

/** Small messages in one session. */
function messages(prober: Prober): Promise<LimitFinding> {
  const search = new LimitSearch('messages', LIMIT_CAPS.messages);
  return inSession(prober, search, (session) =>
    search.repeat('the first message', (index) => sendMessage(prober, session, index, 0, search)),
  );
}

/** One message of exactly the declared size, then one that is an octet larger; neither says so in MAIL. */
async function messageOctets(prober: Prober, draft: CheckDraft): Promise<LimitFinding> {
  const search = new LimitSearch('messageOctets', LIMIT_CAPS.messageOctets);
  const declared = declaredSize(draft);
  if (declared === null) return search.unknown('the server declares no SIZE');
  if (declared >= search.cap) {
    return search.unknown(`not tried: the declared SIZE is beyond the ${formatSize(search.cap)} that a check sends`);
  }
  return inSession(prober, search, async (session) => {
    const whole = await sendMessage(prober, session, 1, declared, search);
    if (isLoss(whole)) return search.refused(whole, '');
    if (!isPositive(whole)) return search.unknown(`a message of the declared SIZE got '${quote(whole)}'`);
    search.passed = declared;
    const larger = await sendMessage(prober, session, 2, declared + 1, search);
    if (isLoss(larger) || !isPositive(larger)) return search.refused(larger, '');
    search.passed = declared + 1;
    return search.none('the server takes more than it declares');
  });
}

/**
 * One message.
 *
 * @param octets - of header and body; 0: as few as there can be
 * @returns the reply to its end, or the first that stood in its way
 */
async function sendMessage(
  prober: Prober,
  session: ProbeSession,
  index: number,
  octets: number,
  search: LimitSearch,
): Promise<ProbeReply | ProbeLoss> {
  const { mail, rcpt, data, endOfData } = prober.timeoutsMs;
  const steps: [string, number][] = [
    [prober.mail(index), mail],
    [`RCPT TO:<${prober.address('to', 1)}>`, rcpt],
    ['DATA', data],
  ];
  for (const [line, timeoutMs] of steps) {
    const answer = await session.say(line, search.within(timeoutMs));
    const isRight = !isLoss(answer) && (line === 'DATA' ? answer.code === 354 : isPositive(answer));
    if (!isRight) return answer;
  }
  const answer = await session.sendContent(headerOf(prober, index), octets, search.within(endOfData));
  if (!isLoss(answer)) prober.messages++;
  return answer;
}

function headerOf(prober: Prober, index: number): string {
  return [
    `From: <${prober.address('from', index)}>`,
    `To: <${prober.address('to', 1)}>`,
    'Subject: postrush check',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${Date.now()}.${index}@${prober.plan.session.helo.replace(/^\[.*\]$/, 'postrush.test')}>`,
    '',
    '',
  ].join('\r\n');
}
