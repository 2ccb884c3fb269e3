/** A dialogue as the RFCs print it: what the client says behind C:, the server behind S:. Knows no session. */
import type { DialogueEntry, DialogueRecord } from '../messages/dialogue-record.js';
import { formatCount, formatSeconds } from './quantities.js';

/** Lines of a content that are shown. */
const CONTENT_LINES = 12;
/** Lines of a dialogue that are shown; its last ones are. */
const MOST_LINES = 60;
const LAST_LINES = 6;

/** A sample: the first lines and the last. */
export function dialogueSample({ entries, isCutShort }: DialogueRecord): string[] {
  const lines = entries.flatMap(linesOf);
  if (isCutShort) lines.push('   (and so on)');
  if (lines.length <= MOST_LINES) return lines;
  const left = lines.length - MOST_LINES;
  return [
    ...lines.slice(0, MOST_LINES - LAST_LINES),
    `   (${formatCount(left)} lines more)`,
    ...lines.slice(-LAST_LINES),
  ];
}

function linesOf(entry: DialogueEntry): string[] {
  switch (entry.kind) {
    case 'command':
      return entry.text.split('\r\n').map((line) => `C: ${line}`);
    case 'reply':
      return entry.text.split('\r\n').map((line) => `S: ${line}`);
    case 'content':
      return contentLines(entry);
    case 'event':
      return [`   (${eventOf(entry)})`];
  }
}

function contentLines({ head, octets }: Extract<DialogueEntry, { kind: 'content' }>): string[] {
  const lines = head.split('\r\n').slice(0, CONTENT_LINES);
  const shown = lines.join('\r\n');
  // A line that ends here is not the empty one behind it.
  const isWhole = shown.length + 2 >= octets;
  if (isWhole && lines.at(-1) === '') lines.pop();
  const left = octets - shown.length - 2;
  return [
    ...lines.map((line) => `C: ${line}`),
    ...(isWhole ? [] : [`   (${formatCount(left)} octets more, of ${formatCount(octets)})`]),
  ];
}

function eventOf({ event, detail }: Extract<DialogueEntry, { kind: 'event' }>): string {
  switch (event) {
    case 'connected':
      return `connection to ${detail}`;
    case 'proxy':
      return `header of the PROXY protocol: ${detail}`;
    case 'tls':
      return 'TLS handshake: what follows is encrypted';
    case 'pause':
      return `pause of ${formatSeconds(Number(detail) / 1e3)}`;
    case 'serverClosed':
      return 'the server closes the connection';
    case 'closed':
      return 'the client closes the connection';
    case 'reset':
      return 'the client resets the connection';
  }
}
