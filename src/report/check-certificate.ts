/** What is wrong with a certificate, in words. */
import type { CheckCertificate } from '../messages/check-record.js';

const MS_PER_DAY = 86_400_000;

/** What OpenSSL's codes mean to whoever runs the server. */
const CHAIN_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is self-signed, and not among the certificates that are trusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its chain ends in a root that is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the server does not send the certificate of its issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'a certificate of its chain is missing'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its chain leads to no root that is trusted'],
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet'],
  ['CERT_REVOKED', 'it has been revoked'],
  ['CERT_SIGNATURE_FAILURE', 'its signature is wrong'],
  ['CERT_UNTRUSTED', 'its root is not trusted for servers'],
  ['CERT_REJECTED', 'its root says that it is not for servers'],
  ['INVALID_CA', 'a certificate of its chain may not sign others'],
  ['INVALID_PURPOSE', 'it is not made for servers'],
]);

/** Why a certificate is not to be trusted, one clause each that begins with what is wrong; empty: it is. */
export function certificateProblems({
  chainError,
  checkedName,
  isNameRight,
}: Pick<CheckCertificate, 'chainError' | 'checkedName' | 'isNameRight'>): string[] {
  return [
    ...(chainError === null ? [] : [CHAIN_PROBLEMS.get(chainError) ?? `OpenSSL refuses it: ${chainError}`]),
    ...(isNameRight ? [] : [`it is not made out to ${checkedName}`]),
  ];
}

/** Whole days from `now` to a time, negative when it is over; null when it is no time. */
export function daysUntil(time: string, now: Date): number | null {
  const ms = Date.parse(time) - now.getTime();
  return Number.isNaN(ms) ? null : Math.floor(ms / MS_PER_DAY);
}
