/** Messages that every filter is to find. In this file they stand in halves, so that no scanner takes it for one of them. */
import { composeMail } from './compose-mail.js';
import { parseMail } from './mail-file.js';
import type { MailParts } from './mail-file.js';

/** What filters of spam find (Generic Test for Unsolicited Bulk Email): a line of its own in the body. */
const GTUBE = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*' + 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X';
/** What scanners for viruses find: a file of these 68 octets. */
const EICAR = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}' + '$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';

/** A message of spam. */
export function gtubeMail(): MailParts {
  return parseMail(Buffer.from(`\r\nThis is a test of the spam filter.\r\n\r\n${GTUBE}\r\n`, 'latin1'));
}

/** A message with a virus that does nothing. */
export function eicarMail(seed: number): Promise<MailParts> {
  return composeMail(
    {
      text: 'This is a test of the virus scanner.\r\n',
      html: null,
      attachments: [{ name: 'eicar.com', type: 'application/octet-stream', content: Buffer.from(EICAR, 'latin1') }],
      isUnicode: false,
    },
    seed,
    0,
  );
}
