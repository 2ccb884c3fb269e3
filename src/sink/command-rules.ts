/** Which commands are allowed when, and what a refused one is told (RFC 5321 §4.1.4, §4.3.2). Changes nothing. */
import { assertNever } from '../assert.js';
import { Verb, stepOf } from './command-verb.js';
import { ArgumentProblem } from './envelope-argument.js';
import type { EnvelopeArgument } from './envelope-argument.js';
import { mechanismNamed } from './sasl/mechanisms.js';
import type { CountedReply, ReplyBook } from './reply-book.js';
import type { SessionStanding } from './session-standing.js';
import type { SinkSettings } from './sink-options.js';
import { mechanismsInClear } from './sink-replies.js';
import type { SinkExtensions, SinkReplies } from './sink-replies.js';

const BAD_SEQUENCE = 'bad sequence of commands';

/** The rules of one sink, for all its sessions. */
export class CommandRules {
  readonly #settings: SinkSettings;
  readonly #extensions: SinkExtensions;
  readonly #replies: SinkReplies;
  readonly #book: ReplyBook;
  readonly #argument: EnvelopeArgument;

  constructor(
    settings: SinkSettings,
    extensions: SinkExtensions,
    replies: SinkReplies,
    book: ReplyBook,
    argument: EnvelopeArgument,
  ) {
    this.#settings = settings;
    this.#extensions = extensions;
    this.#replies = replies;
    this.#book = book;
    this.#argument = argument;
  }

  /** Why `verb` is refused, or null. The arguments of MAIL and RCPT have been read into the shared argument before. */
  refusal(verb: Verb, line: string, standing: SessionStanding): CountedReply | null {
    const replies = this.#replies;
    if (standing.isTurnedAway && verb !== Verb.quit) return this.#outOfOrder(verb);
    switch (verb) {
      case Verb.unknown:
        return replies.unrecognised;
      case Verb.unimplemented:
        return this.#notImplemented(verb);
      case Verb.ehlo:
      case Verb.helo:
      case Verb.lhlo:
        return this.#helloRefusal(verb, line);
      case Verb.starttls:
        return this.#startTlsRefusal(line, standing);
      case Verb.auth:
        return this.#authRefusal(line, standing);
      case Verb.mail:
        return this.#mailRefusal(standing);
      case Verb.rcpt:
        return this.#rcptRefusal(standing);
      case Verb.data:
        if (!standing.transaction.isOpen) return this.#outOfOrder(verb);
        if (line.length > 4) return this.#badArgument(verb);
        // RFC 3030 §2: DATA and BDAT do not mix.
        if (standing.transaction.isChunked) return this.#outOfOrder(verb);
        if (standing.transaction.recipients > 0) return null;
        return this.#extensions.isLmtp ? this.#outOfOrder(verb) : replies.dataWithoutRecipients;
      case Verb.rset:
      case Verb.quit:
        return line.length > 4 ? this.#badArgument(verb) : null;
      case Verb.vrfy:
      case Verb.expn:
        if (!(verb === Verb.vrfy ? this.#extensions.vrfy : this.#extensions.expn)) return this.#notImplemented(verb);
        return line.length > 5 ? null : this.#badArgument(verb);
      case Verb.help:
        return this.#extensions.help ? null : this.#notImplemented(verb);
      case Verb.bdat:
        return this.#extensions.chunking ? null : this.#notImplemented(verb);
      case Verb.noop:
        return null;
      default:
        return assertNever(verb);
    }
  }

  /** Why the chunk that has come is refused, or null; `step`: what it is counted under. */
  chunkRefusal(step: 'bdat' | 'endOfData', { transaction, isTurnedAway }: SessionStanding): CountedReply | null {
    // A chunk behind a refused one belongs to nothing (RFC 3030 §2).
    if (isTurnedAway || !transaction.isOpen || transaction.isSpoilt)
      return this.#book.line(step, 503, '5.5.1', BAD_SEQUENCE);
    if (transaction.recipients === 0) {
      return this.#extensions.isLmtp
        ? this.#book.line(step, 503, '5.5.1', BAD_SEQUENCE)
        : this.#book.line(step, 554, '5.5.1', 'no valid recipients');
    }
    return step === 'bdat' && transaction.octets > this.#settings.maxSize ? this.#replies.chunkTooBig : null;
  }

  /** LMTP knows LHLO alone, and SMTP the others (RFC 2033 §4.1). */
  #helloRefusal(verb: Verb, line: string): CountedReply | null {
    const { isLmtp, isEsmtp } = this.#extensions;
    if (isLmtp !== (verb === Verb.lhlo)) {
      return isLmtp
        ? this.#book.line(stepOf(verb), 500, '5.5.1', 'this is LMTP, say LHLO')
        : this.#notImplemented(verb);
    }
    if (verb === Verb.ehlo && !isEsmtp) return this.#notImplemented(verb);
    return /^.{4} +[^ ]/.test(line) ? null : this.#badArgument(verb);
  }

  #startTlsRefusal(line: string, standing: SessionStanding): CountedReply | null {
    if (!this.#extensions.startTls) return this.#notImplemented(Verb.starttls);
    if (!standing.hasHelo || standing.isSecure) return this.#outOfOrder(Verb.starttls);
    if (line.length > 'starttls'.length) return this.#badArgument(Verb.starttls);
    return standing.isGroupOver ? null : this.#replies.injection;
  }

  #authRefusal(line: string, standing: SessionStanding): CountedReply | null {
    const { authNeedsTls } = this.#extensions;
    if (this.#extensions.mechanisms.length === 0) return this.#notImplemented(Verb.auth);
    if (authNeedsTls && !standing.isSecure) return this.#replies.authInClear;
    if (standing.user !== null) return this.#replies.authTwice;
    if (!standing.hasHelo || standing.transaction.isOpen) return this.#outOfOrder(Verb.auth);
    if (!/^.{4} [^ ]+(?: [^ ]+)?$/.test(line)) return this.#badArgument(Verb.auth);
    const mechanisms = standing.isSecure ? this.#extensions.mechanisms : mechanismsInClear(this.#extensions);
    return mechanismNamed(line.split(' ')[1] ?? '', mechanisms) === null ? this.#replies.authMechanism : null;
  }

  #mailRefusal(standing: SessionStanding): CountedReply | null {
    const settings = this.#settings;
    const replies = this.#replies;
    const { problem, declaredOctets } = this.#argument;
    if (!standing.hasHelo || standing.transaction.isOpen) return this.#outOfOrder(Verb.mail);
    if (settings.requireAuth && standing.user === null) return replies.authFirst;
    if (settings.maxMessagesPerSession > 0 && standing.messages >= settings.maxMessagesPerSession) {
      if (settings.messageLimitReply === 'mail452') return replies.messageLimit;
      return settings.messageLimitReply === 'close' ? replies.nothing : replies.messageLimitClosing;
    }
    if (problem === ArgumentProblem.notAscii) return replies.senderNotAscii;
    if (problem !== ArgumentProblem.none) return this.#argumentRefusal(Verb.mail, replies.senderSyntax);
    return declaredOctets > settings.maxSize ? replies.declaredTooBig : null;
  }

  #rcptRefusal(standing: SessionStanding): CountedReply | null {
    const replies = this.#replies;
    const { transaction } = standing;
    if (!transaction.isOpen || transaction.isChunked) return this.#outOfOrder(Verb.rcpt);
    const { problem, isAscii } = this.#argument;
    if (problem === ArgumentProblem.none && !isAscii && !transaction.isInternational) return replies.recipientNotAscii;
    if (problem !== ArgumentProblem.none) return this.#argumentRefusal(Verb.rcpt, replies.recipientSyntax);
    return transaction.recipients >= this.#settings.maxRecipients ? replies.recipientLimit : null;
  }

  #argumentRefusal(verb: Verb, badPath: CountedReply): CountedReply {
    const { problem } = this.#argument;
    if (problem === ArgumentProblem.path) return badPath;
    if (problem === ArgumentProblem.syntax) return this.#badArgument(verb);
    return this.#book.line(stepOf(verb), 555, '5.5.4', 'parameter not recognised');
  }

  #outOfOrder(verb: Verb): CountedReply {
    return this.#book.line(stepOf(verb), 503, '5.5.1', BAD_SEQUENCE);
  }

  #badArgument(verb: Verb): CountedReply {
    return this.#book.line(stepOf(verb), 501, '5.5.4', 'syntax error in arguments');
  }

  #notImplemented(verb: Verb): CountedReply {
    return this.#book.line(stepOf(verb), 502, '5.5.1', 'command not implemented');
  }
}
