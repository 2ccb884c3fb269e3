/** Harmless commands, each timed, and a group of them. Goes on in another session where the server ends one with 421. */
import { offers, plain, type CheckDraft } from './check-draft.js';
import { isLoss, type ProbeLoss, type ProbeReply, type ProbeSession } from './probe-session.js';
import { isPositive, lossSentence, quote, type Prober } from './prober.js';

const NOOPS = 10;
/** Commands without an effect; what they say differs from server to server. */
const QUESTIONS = ['HELP', 'VRFY postmaster', 'EXPN postmaster'];
/** Some servers allow few commands without AUTH: so often a new session takes over. */
const MOST_RESUMPTIONS = 4;

/** Speaks in the session that it is given, and writes what it hears into the draft. */
export class Conversation {
  readonly #prober: Prober;
  readonly #draft: CheckDraft;
  #session: ProbeSession;
  /** Commands answered in this session; one that answers none is not worth another try. */
  #answered = 0;
  #resumptions = 0;

  constructor(prober: Prober, draft: CheckDraft, session: ProbeSession) {
    this.#prober = prober;
    this.#draft = draft;
    this.#session = session;
  }

  async run(): Promise<void> {
    const isWhole = (await this.#askAll()) && (!offers(this.#draft, 'PIPELINING') || (await this.#group()));
    if (isWhole) await this.#quit();
    else this.#session.drop();
  }

  /** @returns whether the session goes on */
  async #askAll(): Promise<boolean> {
    const { times } = this.#draft;
    const { mail, rset } = this.#prober.timeoutsMs;
    for (let count = 0; count < NOOPS; count++) {
      const reply = await this.#ask('NOOP', rset, count === 0);
      if (reply === null) return false;
      times.noopUs = [...times.noopUs, reply.latencyUs];
    }
    const mailReply = await this.#ask(this.#prober.mail(), mail);
    times.mailUs = mailReply?.latencyUs ?? null;
    if (mailReply === null) return false;
    const rsetReply = await this.#ask('RSET', rset);
    times.rsetUs = rsetReply?.latencyUs ?? null;
    if (rsetReply === null) return false;
    for (const question of QUESTIONS) {
      if ((await this.#ask(question, rset)) === null) return false;
    }
    return true;
  }

  /** @returns null when there is no session to go on in, which is noted */
  async #ask(line: string, timeoutMs: number, keeps = true): Promise<ProbeReply | null> {
    const verb = line.split(' ')[0] ?? line;
    for (;;) {
      const answer = await this.#session.say(line, timeoutMs);
      if (!isDismissal(answer)) {
        if (isLoss(answer)) return this.#note(lossSentence(answer, verb));
        this.#answered++;
        if (keeps) this.#keep(verb, answer);
        return answer;
      }
      if (await this.#resume(answer, verb)) continue;
      if (!isLoss(answer)) this.#keep(verb, answer);
      return null;
    }
  }

  /**
   * RSET, RCPT and NOOP in one write: RCPT without MAIL is refused and has no effect, so that the order of the replies
   * shows; NOOP must be the last of a group (RFC 2920 §3.1).
   *
   * @returns whether the session goes on
   */
  async #group(): Promise<boolean> {
    const sent = ['RSET', `RCPT TO:<${this.#prober.address('to', 1)}>`, 'NOOP'];
    for (;;) {
      const answers = await this.#session.sayAll(sent, this.#prober.timeoutsMs.rset);
      const dismissal = answers.find(isDismissal);
      if (dismissal !== undefined) {
        // A session that was about to end says nothing of groups.
        if (await this.#resume(dismissal, 'a group of commands in one write')) continue;
        return false;
      }
      const replies = answers.filter((answer): answer is ProbeReply => !isLoss(answer)).map(plain);
      const isWhole = replies.length === sent.length;
      const isRight = isWhole && replies.every((reply, index) => isPositive(reply) === (index !== 1));
      this.#draft.pipelining = { sent, replies, isRight };
      const last = answers.at(-1);
      if (last !== undefined && isLoss(last)) this.#note(lossSentence(last, 'a group of commands in one write'));
      return isWhole;
    }
  }

  async #quit(): Promise<void> {
    const farewell = await this.#session.quit(this.#prober.timeoutsMs.quit);
    if (isLoss(farewell)) {
      this.#note(lossSentence(farewell, 'QUIT'));
      return;
    }
    this.#draft.times.quitUs = farewell.latencyUs;
    this.#keep('QUIT', farewell);
  }

  /** Lets another session take over. */
  async #resume(dismissal: ProbeReply | ProbeLoss, at: string): Promise<boolean> {
    const words = isLoss(dismissal)
      ? lossSentence(dismissal, at)
      : `ended the session at ${at} with '${quote(dismissal)}'`;
    if (this.#answered === 0 || this.#resumptions >= MOST_RESUMPTIONS) {
      this.#note(words);
      return false;
    }
    this.#note(`${words}: another one took over`);
    await this.#session.quit(this.#prober.timeoutsMs.quit);
    const next = await this.#prober.openReady();
    if ('problem' in next) {
      this.#note(next.problem);
      return false;
    }
    this.#session = next;
    this.#answered = 0;
    this.#resumptions++;
    return true;
  }

  #keep(command: string, reply: ProbeReply): void {
    this.#draft.commands = [...this.#draft.commands, { command, reply: plain(reply) }];
  }

  #note(sentence: string): null {
    this.#draft.notes = [...this.#draft.notes, sentence];
    return null;
  }
}

/** 421 in place of an answer, or behind the last one. */
function isDismissal(answer: ProbeReply | ProbeLoss): boolean {
  return isLoss(answer) ? answer.farewell !== null : answer.code === 421;
}
