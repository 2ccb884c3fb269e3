/** The certificates of clients: which a sink trusts, and whose they are. Knows no socket. */
import { X509Certificate } from 'node:crypto';

/** Certificates between a client's own and one that is trusted. */
const CHAIN_LENGTH_MAX = 10;

/** Certificates and authorities that a sink trusts. */
export class ClientCertificates {
  readonly #trusted: readonly X509Certificate[];

  /**
   * @param pem - one certificate after the other
   * @throws Error when one cannot be read, or there is none
   */
  constructor(pem: string) {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
    if (blocks === null) throw new Error('no certificate in PEM');
    this.#trusted = blocks.map((block) => new X509Certificate(block));
  }

  /**
   * The common name of a certificate that is trusted itself, or signed by one that is, perhaps through others that came
   * with it; null: it is not, or not at this time. That the client holds the key to it is the handshake's business.
   */
  nameOf(certificate: X509Certificate | undefined, now: Date): string | null {
    if (certificate === undefined || !this.#isTrusted(certificate, now)) return null;
    return /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? certificate.subject.replaceAll('\n', ', ');
  }

  #isTrusted(certificate: X509Certificate, now: Date): boolean {
    let link: X509Certificate | undefined = certificate;
    for (let length = 0; link !== undefined && length < CHAIN_LENGTH_MAX; length++) {
      if (!isValidAt(link, now)) return false;
      const { raw } = link;
      if (this.#trusted.some((each) => each.raw.equals(raw))) return true;
      const below: X509Certificate = link;
      if (this.#trusted.some((each) => isIssuer(each, below) && isValidAt(each, now))) return true;
      const above: X509Certificate | undefined = below.issuerCertificate;
      link = above !== undefined && isIssuer(above, below) ? above : undefined;
    }
    return false;
  }
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidAt({ validFrom, validTo }: X509Certificate, now: Date): boolean {
  return Date.parse(validFrom) <= now.getTime() && now.getTime() <= Date.parse(validTo);
}
