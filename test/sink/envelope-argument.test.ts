import { describe, expect, test } from 'vitest';
import { ArgumentProblem, EnvelopeArgument } from '../../src/sink/envelope-argument.js';
import type { SinkExtensions } from '../../src/sink/sink-replies.js';

const ALL: SinkExtensions = {
  isLmtp: false,
  isEsmtp: true,
  pipelining: true,
  enhancedStatusCodes: true,
  eightBitMime: true,
  size: true,
  smtpUtf8: true,
  chunking: true,
  dsn: true,
  vrfy: true,
  expn: true,
  help: true,
  startTls: true,
  mechanisms: ['PLAIN'],
  authNeedsTls: false,
};

function readMail(line: string, extensions = ALL): EnvelopeArgument {
  const argument = new EnvelopeArgument(extensions);
  argument.readMail(line);
  return argument;
}

function readRcpt(line: string): EnvelopeArgument {
  const argument = new EnvelopeArgument(ALL);
  argument.readRcpt(line);
  return argument;
}

describe('a path', () => {
  test.each([
    ['<a@b.test>', 'a@b.test'],
    ['<root>', 'root'],
    ['<"quoted part"@b.test>', '"quoted part"@b.test'],
    ['<"with>bracket"@b.test>', '"with>bracket"@b.test'],
    ['<"with\\"quote"@b.test>', '"with\\"quote"@b.test'],
    ['<"with@at"@b.test>', '"with@at"@b.test'],
    ['<a@[192.0.2.1]>', 'a@[192.0.2.1]'],
    ['<@one.test,@two.test:a@b.test>', 'a@b.test'],
    [' <a@b.test>', 'a@b.test'],
    [`<${'a'.repeat(247)}@b.test>`, `${'a'.repeat(247)}@b.test`],
  ])('%s is read as %s', (text, path) => {
    for (const argument of [readMail(`MAIL FROM:${text}`), readRcpt(`RCPT TO:${text}`)]) {
      expect(argument.problem).toBe(ArgumentProblem.none);
      expect(argument.path).toBe(path);
    }
  });

  test.each([
    'a@b.test',
    '<a@b.test',
    '<a b@c.test>',
    '<a@b@c.test>',
    '<@b.test>',
    '<a@>',
    '<<a@b.test>>',
    '<"open@b.test>',
    '<"open\\',
    '<a\x00@b.test>',
    '<a\t@b.test>',
    '<\xe4@b.test>',
    '<@one.test a@b.test>',
    '<@one.test,@two.test>',
    `<${'a'.repeat(249)}@b.test>`,
  ])('%j is no path', (text) => {
    expect(readMail(`MAIL FROM:${text}`).problem).toBe(ArgumentProblem.path);
    expect(readRcpt(`RCPT TO:${text}`).problem).toBe(ArgumentProblem.path);
  });

  test('may be null in MAIL and may not in RCPT', () => {
    expect(readMail('MAIL FROM:<>')).toMatchObject({ problem: ArgumentProblem.none, path: '' });
    expect(readRcpt('RCPT TO:<>').problem).toBe(ArgumentProblem.path);
  });

  test('needs its word before it, in any case', () => {
    expect(readMail('mail from:<a@b.test>').problem).toBe(ArgumentProblem.none);
    for (const line of ['MAIL', 'MAIL FROM', 'MAIL FROM:', 'MAIL TO:<a@b.test>', 'MAIL <a@b.test>']) {
      expect(readMail(line).problem, line).toBe(ArgumentProblem.syntax);
    }
    expect(readRcpt('RCPT FROM:<a@b.test>').problem).toBe(ArgumentProblem.syntax);
  });
});

describe('parameters of MAIL', () => {
  test.each([
    ['SIZE=1000', 1000],
    ['size=1000 body=8bitmime', 1000],
    ['BODY=7BIT', 0],
    ['AUTH=<>', 0],
    ['BODY=8BITMIME  AUTH=a+2Bb@c.test', 0],
  ])('%s is understood', (text, declaredOctets) => {
    expect(readMail(`MAIL FROM:<> ${text}`)).toMatchObject({ problem: ArgumentProblem.none, declaredOctets });
  });

  test.each(['SIZE=', 'SIZE', 'SIZE=1k', 'SIZE=-1', 'BODY=BINARYMIME', 'BODY', 'AUTH='])(
    '%s has a bad value',
    (text) => {
      expect(readMail(`MAIL FROM:<> ${text}`).problem).toBe(ArgumentProblem.syntax);
    },
  );

  test.each(['BY=120;R', 'MT-PRIORITY=3', 'nonsense'])('%s is of no extension on offer', (text) => {
    expect(readMail(`MAIL FROM:<> ${text}`).problem).toBe(ArgumentProblem.parameter);
  });

  test('belong to extensions, and go with them', () => {
    for (const [key, text] of [
      ['size', 'SIZE=1'],
      ['eightBitMime', 'BODY=7BIT'],
      ['mechanisms', 'AUTH=<>'],
      ['smtpUtf8', 'SMTPUTF8'],
      ['dsn', 'RET=HDRS'],
      ['dsn', 'ENVID=a+2Bb'],
    ] as const) {
      expect(readMail(`MAIL FROM:<> ${text}`, { ...ALL, [key]: key === 'mechanisms' ? [] : false }).problem, text).toBe(
        ArgumentProblem.parameter,
      );
    }
  });

  test('need a space before them', () => {
    expect(readMail('MAIL FROM:<a@b.test>SIZE=1').problem).toBe(ArgumentProblem.syntax);
    expect(readRcpt('RCPT TO:<a@b.test>x').problem).toBe(ArgumentProblem.syntax);
    expect(readRcpt('RCPT TO:<a@b.test> NOTIFYX=NEVER').problem).toBe(ArgumentProblem.parameter);
  });

  test('of one line are forgotten by the next', () => {
    const argument = new EnvelopeArgument(ALL);
    argument.readMail('MAIL FROM:<a@b.test> SIZE=1000');
    argument.readMail('MAIL FROM:<>');
    expect(argument).toMatchObject({ path: '', declaredOctets: 0 });
  });
});

describe('the parameters of DSN', () => {
  test.each([
    ['NOTIFY=NEVER', ArgumentProblem.none],
    ['NOTIFY=success,FAILURE,delay ORCPT=rfc822;a+2Bb@c.test', ArgumentProblem.none],
    ['NOTIFY=NEVER,DELAY', ArgumentProblem.syntax],
    ['NOTIFY=NEVER NOTIFY=NEVER', ArgumentProblem.syntax],
    ['NOTIFY', ArgumentProblem.syntax],
    ['ORCPT=rfc822', ArgumentProblem.syntax],
    ['ORCPT=rfc822;a=b', ArgumentProblem.syntax],
    ['RET=FULL', ArgumentProblem.parameter],
  ])('of RCPT: %s', (text, problem) => {
    expect(readRcpt(`RCPT TO:<a@b.test> ${text}`).problem).toBe(problem);
  });

  test.each([
    ['RET=FULL ENVID=x+3Dy', ArgumentProblem.none],
    ['ret=hdrs', ArgumentProblem.none],
    ['RET=ALL', ArgumentProblem.syntax],
    ['ENVID=a+zz', ArgumentProblem.syntax],
    ['ENVID=', ArgumentProblem.syntax],
    ['NOTIFY=NEVER', ArgumentProblem.parameter],
  ])('of MAIL: %s', (text, problem) => {
    expect(readMail(`MAIL FROM:<a@b.test> ${text}`).problem).toBe(problem);
  });
});

describe('an address beyond ASCII', () => {
  const path = Buffer.from('müller@bücher.test').toString('latin1');

  test('is taken with SMTPUTF8, and known as UTF-8', () => {
    expect(readMail(`MAIL FROM:<${path}> SMTPUTF8`)).toMatchObject({
      problem: 0,
      path: 'müller@bücher.test',
      isInternational: true,
    });
    expect(readRcpt(`RCPT TO:<${path}>`)).toMatchObject({ problem: 0, path: 'müller@bücher.test', isAscii: false });
  });

  test('is refused without it, and where it is no UTF-8', () => {
    expect(readMail(`MAIL FROM:<${path}>`).problem).toBe(ArgumentProblem.notAscii);
    expect(readMail('MAIL FROM:<m\xfcller@b.test> SMTPUTF8').problem).toBe(ArgumentProblem.path);
    expect(readMail(`MAIL FROM:<${path}> SMTPUTF8`, { ...ALL, smtpUtf8: false }).problem).toBe(ArgumentProblem.path);
    expect(readMail('MAIL FROM:<a@b.test> SMTPUTF8=yes').problem).toBe(ArgumentProblem.syntax);
  });
});
