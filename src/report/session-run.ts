/** Runs whose sessions send no mail: then the report is about sessions. */
import type { RunResult } from './result-schema.js';

/** Whether a run was about sessions alone: no message was ever to be sent. */
export function isAboutSessions({ messages, sessions }: Pick<RunResult, 'messages' | 'sessions'>): boolean {
  return messages.offered === 0 && messages.attempted === 0 && sessions.started > 0;
}
