/** The record of a check while it is being written, and what can be read off it. */
import type { CheckRecord, CheckReply, CheckTimes } from '../src/messages/check-record.js';

type Mutable<Record> = { -readonly [Key in keyof Record]: Record[Key] };

/** A record that is still being written. */
export type CheckDraft = Mutable<Omit<CheckRecord, 'traffic' | 'codedReplies' | 'uncoded' | 'times'>> & {
  times: Mutable<CheckTimes>;
};

/** An empty record. */
export function newDraft(): CheckDraft {
  return {
    isComplete: false,
    isConnected: false,
    problem: '',
    advice: '',
    greeting: null,
    hello: null,
    keywords: [],
    keywordsAfterTls: null,
    tls: null,
    tlsProblem: '',
    tlsVersions: [],
    times: {
      connectUs: null,
      tlsUs: null,
      greetingUs: null,
      helloUs: null,
      starttlsUs: null,
      mailUs: null,
      rsetUs: null,
      quitUs: null,
      noopUs: [],
    },
    pipelining: null,
    commands: [],
    limits: null,
    notes: [],
  };
}

/** Whether the server offers an extension where commands go: inside TLS if there is TLS. */
export function offers({ keywords, keywordsAfterTls }: CheckDraft, keyword: string): boolean {
  return (keywordsAfterTls ?? keywords).some((line) => isKeyword(line, keyword));
}

/** Largest message that the server declares; null: it names none, or one beyond all measure. */
export function declaredSize({ keywords, keywordsAfterTls }: CheckDraft): number | null {
  const line = (keywordsAfterTls ?? keywords).find((one) => isKeyword(one, 'SIZE'));
  const octets = Number(/^\s*SIZE +(\d+)/i.exec(line ?? '')?.[1] ?? '0');
  return octets > 0 && octets < Number.MAX_SAFE_INTEGER ? octets : null;
}

/** A reply without its lines. */
export function plain({ code, enhanced, text, latencyUs }: CheckReply): CheckReply {
  return { code, enhanced, text, latencyUs };
}

/** Whether a line of an EHLO reply offers an extension. */
export function isKeyword(line: string, keyword: string): boolean {
  return line.trim().split(/[ =]/)[0]?.toUpperCase() === keyword;
}
