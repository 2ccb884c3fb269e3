/** Looks for limits without sending a message: one session for each, but for connections, which are many at once. */
import type { LimitFinding } from '../src/messages/check-record.js';
import { LIMIT_CAPS } from '../src/plan/check-plan.js';
import { declaredSize, type CheckDraft } from './check-draft.js';
import { LimitSearch } from './limit-search.js';
import { isLoss, type ProbeLoss, type ProbeReply, type ProbeSession } from './probe-session.js';
import { isPositive, lossSentence, quote, type Prober } from './prober.js';

/** Recipients in one write where PIPELINING works: at most so many go out for nothing. */
const GROUP = 10;
/** The shortest longest line: every server must take it (RFC 5321 §4.5.3.1.4). */
const LINE_OCTETS_MIN = 512;
/** A last word may come a moment behind the reply to a command. */
const LAST_WORD_MS = 20;
/** A server may notice a moment late that a connection has ended. */
const SETTLE_MS = 100;

/** One search, and what it is called while it goes on. */
export interface LimitTask {
  readonly stage: string;
  readonly find: () => Promise<LimitFinding>;
}

/** The searches in their order. */
export function limitTasks(prober: Prober, draft: CheckDraft): LimitTask[] {
  return [
    { stage: 'counting recipients', find: () => recipients(prober, draft) },
    { stage: 'trying a SIZE above the declared one', find: () => size(prober, draft) },
    { stage: 'counting transactions', find: () => transactions(prober) },
    { stage: 'counting unknown commands', find: () => badCommands(prober) },
    { stage: 'trying longer lines', find: () => lineOctets(prober) },
    { stage: 'counting connections', find: () => connections(prober) },
  ];
}

/** Gives the search a session, and ends it politely if there is still one. */
export async function inSession(
  prober: Prober,
  search: LimitSearch,
  use: (session: ProbeSession) => Promise<LimitFinding>,
): Promise<LimitFinding> {
  const session = await prober.openReady();
  if ('problem' in session) return search.unknown(`the server ${session.problem}`);
  const finding = await use(session);
  await session.quit(prober.timeoutsMs.quit);
  return finding;
}

/** MAIL, then RCPT after RCPT, then RSET. */
function recipients(prober: Prober, draft: CheckDraft): Promise<LimitFinding> {
  const search = new LimitSearch('recipients', LIMIT_CAPS.recipients);
  const { mail, rcpt, rset } = prober.timeoutsMs;
  const groupSize = draft.pipelining?.isRight === true ? GROUP : 1;
  const countAll = async (session: ProbeSession): Promise<LimitFinding> => {
    while (!search.isOver) {
      const indices = Array.from({ length: Math.min(groupSize, search.cap - search.passed) }, (_, at) => search.passed + 1 + at); // prettier-ignore
      const lines = indices.map((index) => `RCPT TO:<${prober.address('to', index)}>`);
      for (const answer of await session.sayAll(lines, search.within(rcpt))) {
        if (isLoss(answer) || !isPositive(answer)) return search.refused(answer, 'RCPT');
        search.passed++;
      }
    }
    return search.none();
  };
  return inSession(prober, search, async (session) => {
    const answer = await session.say(prober.mail(), mail);
    if (isLoss(answer) || !isPositive(answer)) return search.refused(answer, 'MAIL');
    const finding = await countAll(session);
    await session.say('RSET', rset);
    return finding;
  });
}

/** MAIL with a SIZE one above what the server declares (RFC 1870 §6.1). */
async function size(prober: Prober, draft: CheckDraft): Promise<LimitFinding> {
  const declared = declaredSize(draft);
  if (declared === null) return new LimitSearch('size', 0).unknown('the server declares none');
  const search = new LimitSearch('size', declared + 1);
  search.passed = declared;
  return inSession(prober, search, async (session) => {
    const answer = await session.say(`${prober.mail()} SIZE=${declared + 1}`, prober.timeoutsMs.mail);
    if (isLoss(answer) || !isPositive(answer)) return search.refused(answer, 'MAIL');
    await session.say('RSET', prober.timeoutsMs.rset);
    search.passed++;
    return search.none('MAIL takes more than the server declares');
  });
}

function transactions(prober: Prober): Promise<LimitFinding> {
  const search = new LimitSearch('transactions', LIMIT_CAPS.transactions);
  const { mail, rset } = prober.timeoutsMs;
  return inSession(prober, search, (session) =>
    search.repeat('MAIL', async (index) => {
      const answer = await session.say(prober.mail(index), search.within(mail));
      return isLoss(answer) || !isPositive(answer) ? answer : session.say('RSET', search.within(rset));
    }),
  );
}

/** Until the server hangs up. */
function badCommands(prober: Prober): Promise<LimitFinding> {
  const search = new LimitSearch('badCommands', LIMIT_CAPS.badCommands);
  return inSession(prober, search, async (session) => {
    while (!search.isOver) {
      const answer = await session.say('XPOSTRUSH', search.within(prober.timeoutsMs.rset));
      if (isLoss(answer) || answer.code === 421) return search.refused(answer, 'XPOSTRUSH');
      if (isPositive(answer)) return search.unknown(`an unknown command got '${quote(answer)}'`);
      search.passed++;
      const farewell = await session.rest(LAST_WORD_MS);
      if (farewell !== null) return search.refused(farewell, 'XPOSTRUSH');
    }
    return search.none();
  });
}

/** NOOP with longer and longer arguments: twice as long each time, then halving what is between. */
function lineOctets(prober: Prober): Promise<LimitFinding> {
  const search = new LimitSearch('lineOctets', LIMIT_CAPS.lineOctets);
  return inSession(prober, search, async (session) => {
    const short = await session.say('NOOP x', prober.timeoutsMs.rset);
    if (isLoss(short)) return search.unknown(`the server ${lossSentence(short, 'NOOP')}`);
    if (!isPositive(short)) return search.unknown(`NOOP with an argument got '${quote(short)}'`);
    let refusal: ProbeReply | ProbeLoss | null = null;
    let refused = search.cap + 1;
    let octets = LINE_OCTETS_MIN;
    while (octets < refused && octets > search.passed) {
      const argument = 'x'.repeat(octets - 'NOOP \r\n'.length);
      const answer = await session.say(`NOOP ${argument}`, search.within(prober.timeoutsMs.rset));
      await session.rest(LAST_WORD_MS);
      if (session.unasked > 0) return search.unknown(`a line of ${octets} octets got more than one reply`);
      const isTaken = !isLoss(answer) && isPositive(answer);
      if (isTaken) search.passed = octets;
      else [refused, refusal] = [octets, answer];
      // Whoever hangs up over a long line is not asked for the very octet.
      if (isLoss(answer)) break;
      octets = refused > search.cap ? Math.min(octets * 2, search.cap) : Math.floor((search.passed + refused) / 2);
    }
    return refusal === null ? search.none() : search.refused(refusal, `a line of ${refused} octets`);
  });
}

/** Opens one connection after the other, holds them, and closes them all. */
async function connections(prober: Prober): Promise<LimitFinding> {
  const search = new LimitSearch('connections', LIMIT_CAPS.connections);
  const held: ProbeSession[] = [];
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const finding = await search.repeat('the first connection', async () => {
    const session = prober.newSession();
    held.push(session);
    return prober.awaitGreeting(session, search.within.bind(search));
  });
  await Promise.all(held.map((session) => session.quit(prober.timeoutsMs.quit)));
  return finding;
}
