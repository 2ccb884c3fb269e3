/**
 * What replies mean, in words short enough for a row of a report. Knows numbers only: the server's own text is another
 * matter.
 */
export { formatEnhanced } from './enhanced-status.js';

/** RFC 5321 §4.2.2 and §4.2.3 unless another source is named. */
const CODE_MEANINGS: ReadonlyMap<number, string> = new Map([
  [211, 'system status or help'],
  [214, 'help message'],
  [220, 'server ready'],
  [221, 'server ends the conversation'],
  // RFC 4954 §6
  [235, 'authentication succeeded'],
  [250, 'completed'],
  [251, 'user not local, will be forwarded'],
  [252, 'user not verified, will try'],
  // RFC 4954 §4
  [334, 'authentication goes on'],
  [354, 'send the message'],
  [421, 'server closes the connection'],
  // RFC 4954 §6
  [432, 'password transition needed'],
  [450, 'mailbox busy, try again'],
  [451, 'error in the server, try again'],
  [452, 'server out of storage, try again'],
  // RFC 4954 §6 and RFC 3207 §4
  [454, 'temporary TLS or login failure'],
  [455, 'parameters cannot be served now'],
  [500, 'syntax error or line too long'],
  [501, 'syntax error in parameters'],
  [502, 'command not implemented'],
  [503, 'bad sequence of commands'],
  [504, 'parameter not implemented'],
  // RFC 7504
  [521, 'host accepts no mail'],
  // RFC 5248 §2.4 (X.7.10)
  [523, 'encryption needed'],
  // RFC 4954 §6
  [530, 'authentication required'],
  [534, 'authentication mechanism too weak'],
  [535, 'authentication credentials invalid'],
  [538, 'this mechanism needs encryption'],
  [550, 'mailbox not found or no access'],
  [551, 'user not local, not forwarded'],
  [552, 'mailbox out of space'],
  [553, 'mailbox name not allowed'],
  [554, 'transaction failed'],
  [555, 'MAIL or RCPT parameter unknown'],
  // RFC 7504
  [556, 'domain accepts no mail'],
]);

/** RFC 5321 §4.2.1, by first digit. */
const CLASS_MEANINGS: readonly (string | undefined)[] = [
  undefined,
  'preliminary',
  'completed',
  'more input wanted',
  'failed for now',
  'failed for good',
];

/**
 * Subject and detail as subject·1,000 + detail: RFC 3463 §3 unless another source is named; the list is the one that
 * RFC 5248 keeps.
 */
const ENHANCED_MEANINGS: ReadonlyMap<number, string> = new Map([
  [1_001, 'no such mailbox'],
  [1_002, 'no such mail domain'],
  [1_003, 'bad mailbox syntax'],
  [1_004, 'ambiguous mailbox'],
  [1_005, 'valid recipient'],
  [1_006, 'mailbox has moved'],
  [1_007, 'bad sender syntax'],
  [1_008, 'bad sender domain'],
  // RFC 3886
  [1_009, 'relayed without tracking'],
  // RFC 7505
  [1_010, 'recipient has null MX'],
  [2_001, 'mailbox disabled'],
  [2_002, 'mailbox full'],
  [2_003, 'message too long'],
  [2_004, 'list expansion failed'],
  [3_001, 'mail system full'],
  [3_002, 'not accepting messages'],
  [3_003, 'feature not available'],
  [3_004, 'message too big'],
  [3_005, 'server misconfigured'],
  // RFC 6710
  [3_006, 'priority was changed'],
  [4_001, 'no answer from host'],
  [4_002, 'bad connection'],
  [4_003, 'directory failure'],
  [4_004, 'no route'],
  [4_005, 'server congested'],
  [4_006, 'mail loop'],
  [4_007, 'delivery time expired'],
  [5_001, 'invalid command'],
  [5_002, 'syntax error'],
  [5_003, 'too many recipients'],
  [5_004, 'invalid arguments'],
  [5_005, 'wrong protocol version'],
  // RFC 4954
  [5_006, 'AUTH line too long'],
  [6_001, 'media not supported'],
  [6_002, 'conversion prohibited'],
  [6_003, 'conversion unsupported'],
  [6_004, 'lossy conversion done'],
  [6_005, 'conversion failed'],
  // RFC 4468
  [6_006, 'content not available'],
  // RFC 6531; 10 is the registry's withdrawn twin of 8
  [6_007, 'address must be ASCII'],
  [6_008, 'reply needs UTF-8'],
  [6_009, 'UTF-8 header refused'],
  [6_010, 'reply needs UTF-8'],
  [7_001, 'refused by policy'],
  [7_002, 'list use prohibited'],
  [7_003, 'security conversion'],
  [7_004, 'security unsupported'],
  [7_005, 'cryptographic failure'],
  [7_006, 'unknown algorithm'],
  [7_007, 'integrity failure'],
  // RFC 4954
  [7_008, 'bad credentials'],
  [7_009, 'mechanism too weak'],
  // RFC 5248
  [7_010, 'encryption needed'],
  // RFC 4954
  [7_011, 'login needs encryption'],
  [7_012, 'new password needed'],
  // RFC 5248
  [7_013, 'account disabled'],
  [7_014, 'trust required'],
  // RFC 6710
  [7_015, 'priority too low'],
  [7_016, 'too big for priority'],
  // RFC 7293
  [7_017, 'mailbox changed owner'],
  [7_018, 'domain changed owner'],
  [7_019, 'owner test failed'],
  // RFC 7372
  [7_020, 'no passing DKIM'],
  [7_021, 'no acceptable DKIM'],
  [7_022, 'no author DKIM'],
  [7_023, 'SPF failed'],
  [7_024, 'SPF error'],
  [7_025, 'reverse DNS failed'],
  [7_026, 'several checks failed'],
  // RFC 7505
  [7_027, 'sender has null MX'],
  // RFC 5248's registry
  [7_028, 'mail flood'],
  // RFC 8617
  [7_029, 'ARC failed'],
  // RFC 8689
  [7_030, 'REQUIRETLS needed'],
]);

/** RFC 3463 §3, by subject: for details that the tables lack. Subject 0 says nothing. */
const SUBJECT_MEANINGS: readonly (string | undefined)[] = [
  undefined,
  'address',
  'mailbox',
  'mail system',
  'network or routing',
  'protocol',
  'content',
  'security or policy',
];

/**
 * What a reply means in plain words, for a person who reads a report; at most 60 characters.
 *
 * @param code - reply code, 100 to 599
 * @param enhanced - enhanced status code as `ReplyParser.enhanced` has it; 0: none
 */
export function meaningOfReply(code: number, enhanced: number): string {
  const ofCode = CODE_MEANINGS.get(code) ?? CLASS_MEANINGS[Math.floor(code / 100)] ?? 'not an SMTP reply code';
  const ofEnhanced = meaningOfEnhanced(enhanced);
  return ofEnhanced === undefined ? ofCode : `${ofCode}: ${ofEnhanced}`;
}

/** The class is left out, because the code says it already. */
function meaningOfEnhanced(enhanced: number): string | undefined {
  const subjectAndDetail = enhanced % 1_000_000;
  const known = ENHANCED_MEANINGS.get(subjectAndDetail);
  // That a success is about an address or a mailbox tells nobody anything.
  const isFailure = enhanced >= 4_000_000;
  return known ?? (isFailure ? SUBJECT_MEANINGS[Math.floor(subjectAndDetail / 1_000)] : undefined);
}
