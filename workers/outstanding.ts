/** What a session has sent and nobody has answered yet, in the units of the books. */
import { Step } from '../src/protocol/steps.js';
import type { CommandWriter } from './command-writer.js';
import type { SessionMessages } from './session-messages.js';

/** Replies that are due behind the content under way. */
export function repliesDue({ ring }: CommandWriter, messages: SessionMessages): number {
  for (let index = 0; index < ring.count; index++) {
    if (ring.stepAt(index) === Step.endOfData) return messages.of(ring.slotAt(index)).finalLeft;
  }
  return 1;
}

/** Visits every command that was sent and not answered, and the content on its way. Not for the hot path. */
export function forEachOutstanding(
  { ring, isTransferring, transferStartedAtUs }: CommandWriter,
  messages: SessionMessages,
  visit: (step: number, sentAtUs: number) => void,
): void {
  if (isTransferring) visit(Step.transfer, transferStartedAtUs);
  let isBehindContent = false;
  for (let index = 0; index < ring.count; index++) {
    const step = ring.stepAt(index);
    if (step !== Step.endOfData) visit(step, ring.sentAtUsAt(index));
    // The server is not yet at the end of the content while the content is still on its way.
    else if (isBehindContent || !isTransferring) {
      const replies = messages.of(ring.slotAt(index)).finalLeft;
      for (let count = 0; count < replies; count++) visit(step, ring.sentAtUsAt(index));
    } else isBehindContent = true;
  }
}
