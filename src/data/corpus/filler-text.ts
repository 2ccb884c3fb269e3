/** Invented text of any length, with lines, sentences and paragraphs as in mail. The same for the same seed. */
import { SeededRandom } from '../../seeded-random.js';

const CRLF = '\r\n';
/** Octets of a line, at most: RFC 5322 §2.1.1 recommends 78. */
const LINE_OCTETS = 76;
const WORDS = (
  'a able about account after again agreed all also always an and answer any april are as ask at autumn back be because ' +
  'been before best better between board book both budget but by call can change city clear close come contract copy cost ' +
  'could country customer day deal december decide department detail did do document done down draft during each early east ' +
  'end enough even every example february few final find first follow for forward found four from full further garden gave ' +
  'get give go good great group had half hand has have he hello help her here high him his hope hour house how however i ' +
  'idea if in into invoice is it its january job july june just keep kind know large last late later least left less let ' +
  'letter line list little long look made mail make many march market may me meeting message might minute monday month more ' +
  'morning most much must my name near need never new next night no north not note november now number october of off offer ' +
  'office often old on once one only open or order other our out over own page paper part people perhaps phone place plan ' +
  'please point price project question quite rather read ready reason received report rest right room said same saturday ' +
  'say schedule second see send september set several she should show side since small so some soon south still street ' +
  'such summer sunday table take team tell than thank that the their them then there these they thing think this those ' +
  'three through thursday time to today together tomorrow too town tuesday two under until up us use very visit wait want ' +
  'was water way we wednesday week well were west what when where which while who why will winter with within without work ' +
  'world would write year yes yesterday you your'
).split(' ');
/** Mixed among the others in text of more than ASCII. */
const UNICODE_WORDS = [
  'für',
  'große',
  'über',
  'naïve',
  'déjà',
  'año',
  'smörgås',
  'žluťoučký',
  'привет',
  'κόσμε',
  '日本語',
  '你好',
  '👋',
];

/** Longer text is the same again: inventing 10 MB would take seconds. */
const PERIOD = 131_072;

/**
 * Makes text.
 *
 * @param length - in octets; the last line ends there with CRLF if it has two octets for it
 * @param isUnicode - it has words in UTF-8 that are no ASCII
 */
export function fillerText(length: number, seed: number, stream: number, isUnicode: boolean): Buffer {
  if (length <= PERIOD + CRLF.length) return inventedText(length, seed, stream, isUnicode);
  // The rest has its line end at least.
  const rest = ((length - CRLF.length) % PERIOD) + CRLF.length;
  const text = Buffer.alloc(length);
  text.fill(inventedText(PERIOD, seed, stream, isUnicode), 0, length - rest);
  text.set(inventedText(rest, seed, stream, isUnicode), length - rest);
  return text;
}

function inventedText(length: number, seed: number, stream: number, isUnicode: boolean): Buffer {
  const text = Buffer.alloc(length);
  const random = new SeededRandom(seed, stream);
  const draw = (count: number): number => Math.floor(random.next() * count);
  let end = 0;
  let lineStart = 0;
  let wordsLeft = 0;
  let linesLeft = 1 + draw(8);
  while (end < length) {
    const isFirst = wordsLeft === 0;
    if (isFirst) wordsLeft = 4 + draw(12);
    wordsLeft--;
    const word = wordOf(draw, isUnicode, isFirst) + (wordsLeft === 0 ? '.' : '');
    const octets = Buffer.byteLength(word);
    let gap = end === lineStart ? '' : ' ';
    if (end - lineStart + octets + 1 > LINE_OCTETS) {
      const isParagraph = --linesLeft === 0;
      if (isParagraph) linesLeft = 1 + draw(8);
      gap = isParagraph ? CRLF + CRLF : CRLF;
    }
    if (end + gap.length + octets + CRLF.length > length) break;
    end += text.write(gap, end);
    if (gap.startsWith(CRLF)) lineStart = end;
    end += text.write(word, end);
  }
  return finishText(text, end);
}

function wordOf(draw: (count: number) => number, isUnicode: boolean, isCapital: boolean): string {
  const words = isUnicode && draw(6) === 0 ? UNICODE_WORDS : WORDS;
  const word = words[draw(words.length)] ?? '';
  return isCapital ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** Fills what no word fits into, and ends the last line. */
function finishText(text: Buffer, end: number): Buffer {
  const lastLine = Math.max(end, text.length - CRLF.length);
  text.fill('x', end, lastLine);
  text.write(CRLF.slice(0, text.length - lastLine), lastLine, 'latin1');
  return text;
}
