/** A client's SASL conversation in tests: challenges in, responses out, as plain text. */
import type { SaslConversation, SaslKnowledge } from '../../src/protocol/sasl/sasl-conversation.js';
import { ScramKeyCache } from '../../src/protocol/sasl/scram-keys.js';

/** What a conversation said, and how it stands. */
export interface Spoken {
  /** null: it waits for the server. */
  readonly responses: readonly (string | null)[];
  /** The server may accept now. */
  readonly mayEnd: boolean;
  /** What is wrong with the last challenge, '' when there is nothing left to say; null: it is answered. */
  readonly problem: string | null;
}

/** What conversations know, unless a test says otherwise. */
export function knowledge(changes: Partial<SaslKnowledge> = {}): SaslKnowledge {
  return {
    user: 'tim',
    secret: 'tanstaaftanstaaf',
    host: 'server.example.com',
    port: 587,
    nonce: () => 'abc',
    scramKeys: new ScramKeyCache(),
    ...changes,
  };
}

/** Gives these challenges one by one, until one cannot be answered. */
export function speak(conversation: SaslConversation, challenges: readonly string[]): Spoken {
  const responses: (string | null)[] = [];
  let step = conversation.next(Buffer.alloc(0));
  for (const challenge of challenges) {
    if (step.done === true) throw new Error('the conversation was over before its last challenge');
    responses.push(step.value.text);
    step = conversation.next(Buffer.from(challenge));
  }
  if (step.done === true) return { responses, mayEnd: false, problem: step.value };
  return { responses: [...responses, step.value.text], mayEnd: step.value.mayEnd, problem: null };
}
