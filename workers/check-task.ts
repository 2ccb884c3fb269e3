/** A check: the survey, the versions of TLS, then the limits if they are wanted. Tells what it has when it is stopped. */
import type { CheckNews, CheckOrder, CheckRecord, CheckTask } from '../src/messages/check-record.js';
import { CHECK_MAX_MS } from '../src/plan/check-plan.js';
import { limitTasks } from './check-limits.js';
import { messageLimitTasks } from './check-message-limits.js';
import { newDraft, type CheckDraft } from './check-draft.js';
import { Survey } from './check-survey.js';
import { findTlsVersions } from './check-tls-versions.js';
import { Prober } from './prober.js';

/** The part of a MessagePort that a check uses. */
export interface CheckPort {
  postMessage(news: CheckNews): void;
  on(event: 'message', listener: (order: CheckOrder) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** Finds out what the server at the task's address is. */
export async function check(task: CheckTask<CheckPort>): Promise<CheckRecord> {
  const stop = new AbortController();
  task.port.on('message', () => stop.abort());
  // The coordinator is gone: nobody would hear the findings.
  task.port.on('close', () => stop.abort());
  const prober = new Prober(task, stop.signal);
  const draft = newDraft();
  const timer = setTimeout(() => {
    draft.notes = [...draft.notes, 'took so long that the time for a check was over'];
    stop.abort();
  }, CHECK_MAX_MS);
  await findOut(prober, draft, (text) => task.port.postMessage({ type: 'stage', text }));
  clearTimeout(timer);
  draft.isComplete = !stop.signal.aborted;
  return {
    ...draft,
    codedReplies: prober.codedReplies,
    uncoded: prober.uncoded,
    traffic: { sessions: prober.sessions, commands: prober.commands, messages: prober.messages },
  };
}

async function findOut(prober: Prober, draft: CheckDraft, tell: (stage: string) => void): Promise<void> {
  tell('talking to the server');
  await new Survey(prober, draft).run();
  if (draft.problem !== '') return;
  if (prober.beginsTls) {
    tell('trying versions of TLS');
    await findTlsVersions(prober, draft);
  }
  const { limits } = prober.plan;
  if (limits === 'none') return;
  draft.limits = [];
  const tasks = [...limitTasks(prober, draft), ...(limits === 'messages' ? messageLimitTasks(prober, draft) : [])];
  for (const { stage, find } of tasks) {
    if (prober.isStopped()) return;
    tell(stage);
    const finding = await find();
    // What a session says of a limit while it is being ended means nothing.
    if (!prober.isStopped()) draft.limits = [...draft.limits, finding];
  }
}
