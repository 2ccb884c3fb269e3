/** Where the load went, as the result file has it. */
import { z } from 'zod';
import { amount, count, flag, text } from './schema-words.js';

const tlsResult = z
  .strictObject({
    protocol: text('Such as "TLSv1.3"'),
    cipher: text('Cipher suite'),
    subject: z.string().nullable().describe('Subject of the certificate'),
    issuer: z.string().nullable().describe('Issuer of the certificate'),
    validTo: z.string().nullable().describe('End of its validity'),
  })
  .meta({ id: 'TlsResult', description: 'What TLS agreed on in the pre-flight session' });

/** A target, with what its pre-flight session showed. */
export const targetResult = z
  .strictObject({
    url: text('Target as asked for'),
    host: text('Host name or address as written; empty: a unix socket'),
    port: z.int().min(0).max(65535).describe('TCP port; 0: a unix socket'),
    address: text('Address that was used, or the path of the unix socket'),
    family: z
      .union([z.literal(4), z.literal(6)])
      .nullable()
      .describe('IP version; null: a unix socket'),
    greeting: z.string().nullable().describe('Text of the greeting, as received; null: none came'),
    keywords: z.array(z.string()).describe('EHLO keywords with parameters, before TLS'),
    keywordsAfterTls: z.array(z.string()).nullable().describe('The same after TLS; null: no TLS'),
    tls: tlsResult.nullable(),
    authMechanism: z.string().nullable().describe('SASL mechanism that the pre-flight session used; null: none'),
    builtInSink: z
      .strictObject({ replyDelayMs: amount('How long it waits before it answers, ms') })
      .nullable()
      .describe('The target was the built-in sink; null: it was a server of yours'),
  })
  .meta({ id: 'TargetResult' });

/** What the result holds of a host behind an MX record. */
export const mailHost = z
  .strictObject({
    domain: text('Domain that was asked for'),
    host: text('Host that an MX record names, or the domain itself'),
    preference: count('Preference of the record; the lowest comes first'),
    addresses: z.array(z.string()).describe('Addresses of the host; empty: it does not resolve'),
    isUsed: flag('The load went there'),
    problem: text('Why it was not used; empty: it was, or hosts with a lower preference were'),
  })
  .meta({ id: 'MailHost', description: 'A host that takes the mail of a domain (RFC 5321 section 5.1)' });
/** A host that takes the mail of a domain. */
export type MailHostResult = z.infer<typeof mailHost>;
