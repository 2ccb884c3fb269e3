/** Turns the tree of a scripted session into steps of the flat list. */
import type { LanePlan } from '../plan/lane-plan.js';
import type {
  BdatStep,
  ChooseStep,
  CommandStep,
  DataStep,
  HelloStep,
  MailStep,
  RcptStep,
  RepeatStep,
  ScriptStep,
} from '../plan/script-steps.js';
import { commandLine, ehlo, helo, lhlo } from '../protocol/commands.js';
import { Step } from '../protocol/steps.js';
import { compileAuth } from './compile-auth.js';
import { DropHow, Op } from './compiled-script.js';
import { drawKey } from './script-draws.js';
import type { ScriptLine } from './lane-data.js';
import type { ScriptBuilder } from './script-builder.js';

/** What sessions say to be told the extensions, where the plan leaves it to us. */
export function usualHello({ lane: { target, helo: name }, data }: ScriptBuilder): ScriptLine {
  return target.protocol === 'lmtp'
    ? data.line('LHLO', name, 'helo', () => lhlo(name))
    : data.line('EHLO', name, 'helo', () => ehlo(name));
}

/** Adds the steps of a tree, which come after the connection and its greeting. */
export function addSteps(builder: ScriptBuilder, steps: readonly ScriptStep[]): void {
  new TreeCompiler(builder).add(steps, 'steps');
}

class TreeCompiler {
  readonly #builder: ScriptBuilder;
  readonly #lane: LanePlan;
  #loopDepth = 0;

  constructor(builder: ScriptBuilder) {
    this.#builder = builder;
    this.#lane = builder.lane;
  }

  /** @param place - names the list, for the random values in it */
  add(steps: readonly ScriptStep[], place: string): void {
    const builder = this.#builder;
    for (const [index, step] of steps.entries()) {
      const here = `${place}[${String(index)}]`;
      builder.rule = 0;
      switch (step.kind) {
        case 'pause':
          builder.add(Op.hold, builder.pauses.push({ delay: step.delay, key: drawKey(here) }) - 1);
          break;
        case 'repeat':
          this.#repeat(step, here);
          break;
        case 'choose':
          this.#choose(step, here);
          break;
        case 'drop':
          builder.add(Op.drop, DropHow[step.how ?? 'asPlanned']);
          break;
        case 'ehlo':
        case 'lhlo':
          builder.expecting(step.expect, step.captures, false);
          this.#hello(step, here, steps[index + 1]?.kind === 'starttls');
          break;
        default:
          builder.expecting(step.expect, step.captures, isAboutContent(step));
          this.#command(step, here);
      }
    }
    builder.rule = 0;
  }

  #command(step: CommandStep, place: string): void {
    const builder = this.#builder;
    const { session } = this.#lane;
    switch (step.kind) {
      case 'helo':
        this.#helo(step.name, place);
        break;
      case 'starttls':
        builder.startTls(usualHello(builder));
        if (session.xclient !== null) builder.xclient(session.xclient, usualHello(builder));
        break;
      case 'auth':
        builder.add(Op.auth, builder.auths.push(compileAuth(builder, step, place)) - 1);
        break;
      case 'mail':
        this.#mail(step, place);
        break;
      case 'rcpt':
        this.#rcpt(step, place);
        break;
      case 'data':
        this.#data(step);
        break;
      case 'bdat':
        this.#bdat(step);
        break;
      case 'rset':
        builder.add(Op.rset);
        break;
      case 'quit':
        builder.add(Op.quit);
        break;
      case 'raw':
        builder.command(
          Step.raw,
          builder.data.line('', step.text, place, () => Buffer.from(`${step.text}\r\n`, 'utf8')),
        );
        break;
      case 'noop':
      case 'vrfy':
      case 'expn':
      case 'help':
        this.#plain(step.kind, step.argument, place);
        break;
      default:
        // The connection and its greeting stand before every script.
        break;
    }
  }

  #helo(own: string | null, place: string): void {
    const { data } = this.#builder;
    const name = own ?? this.#lane.helo;
    this.#builder.command(
      Step.ehlo,
      data.line('HELO', name, own === null ? 'helo' : place, () => helo(name)),
    );
  }

  #plain(kind: 'noop' | 'vrfy' | 'expn' | 'help', argument: string, place: string): void {
    const verb = kind.toUpperCase();
    const line = this.#builder.data.line(verb, argument, place, () => commandLine(verb, argument));
    this.#builder.command(Step[kind], line);
  }

  #hello({ kind, name: given }: HelloStep, place: string, isBeforeTls: boolean): void {
    const builder = this.#builder;
    const { session, target, helo: usual } = this.#lane;
    const name = given ?? usual;
    const where = given === null ? 'helo' : place;
    const own =
      kind === 'lhlo' || target.protocol === 'lmtp'
        ? builder.data.line('LHLO', name, where, () => lhlo(name))
        : builder.data.line('EHLO', name, where, () => ehlo(name));
    builder.hello(own);
    builder.rule = 0;
    if (session.xclient !== null && !isBeforeTls) builder.xclient(session.xclient, own);
  }

  #mail({ from, parameters, expect }: MailStep, place: string): void {
    const builder = this.#builder;
    const { lane } = builder;
    const mail = builder.mail(
      from ?? lane.from,
      parameters === '' ? builder.mailParameters : ` ${parameters}`,
      from === null ? 'from' : place,
    );
    if (expect === null) {
      builder.add(Op.mail, mail);
      return;
    }
    const begin = builder.turn(Op.inMessage);
    builder.add(Op.looseMail, mail);
    const goOn = builder.turn(Op.jump);
    begin();
    builder.add(Op.mail, mail);
    goOn();
  }

  #rcpt({ recipients, parameters, expect }: RcptStep, place: string): void {
    const builder = this.#builder;
    const { lane } = builder;
    const behind = parameters === '' ? lane.extensions.dsnRcpt : ` ${parameters}`;
    const groups =
      'addresses' in recipients
        ? recipients.addresses.map((address, each) => builder.rcpt(address, behind, 1, `${place}[${String(each)}]`))
        : [
            builder.rcpt(
              recipients.to ?? lane.to,
              behind,
              recipients.count ?? lane.recipients,
              recipients.to === null ? 'to' : place,
            ),
          ];
    const elsewhere = builder.turn(Op.inMessage);
    for (const group of groups) builder.add(Op.rcpt, group);
    if (expect === null) {
      elsewhere();
      return;
    }
    const goOn = builder.turn(Op.jump);
    elsewhere();
    for (const group of groups) builder.add(Op.looseRcpt, group);
    goOn();
  }

  #data({ sendsContent, expect }: DataStep): void {
    const builder = this.#builder;
    this.#content(expect !== null, {
      addUsual: () => {
        builder.add(Op.data);
        if (sendsContent) builder.add(Op.content, builder.dataContent());
      },
      addLoose: () => {
        builder.add(Op.looseData);
        builder.add(Op.looseDot);
      },
    });
  }

  #bdat({ chunkBytes, expect }: BdatStep): void {
    const builder = this.#builder;
    this.#content(expect !== null, {
      addUsual: () => builder.add(Op.content, builder.bdat(chunkBytes)),
      addLoose: () => builder.add(Op.looseChunk),
    });
  }

  #content(isExpected: boolean, { addUsual, addLoose }: { addUsual: () => void; addLoose: () => void }): void {
    const builder = this.#builder;
    if (builder.recipients.min !== builder.recipients.max) builder.add(Op.seal);
    const elsewhere = builder.turn(Op.hasRecipients);
    addUsual();
    const goOn = builder.turn(Op.jump);
    elsewhere();
    if (isExpected) addLoose();
    else builder.add(Op.withdraw);
    goOn();
  }

  #repeat({ min, max, steps }: RepeatStep, place: string): void {
    const builder = this.#builder;
    const loop = { min, max, key: drawKey(place), start: 0, end: 0 };
    const index = builder.loops.push(loop) - 1;
    const firstMail = builder.mails.length;
    builder.add(Op.loop, index);
    loop.start = builder.here;
    this.#loopDepth++;
    this.add(steps, `${place}.repeat`);
    this.#loopDepth--;
    builder.rule = 0;
    builder.add(Op.again, index);
    loop.end = builder.here;
    // Without a message all rounds are over, those around them too.
    if (this.#loopDepth === 0) builder.exitTo(loop.end, firstMail);
  }

  #choose({ branches }: ChooseStep, place: string): void {
    const builder = this.#builder;
    const sum = branches.reduce((total, { weight }) => total + weight, 0);
    const shares = new Float64Array(branches.length);
    const targets = new Int32Array(branches.length);
    builder.add(Op.choose, builder.choices.push({ shares, targets, key: drawKey(place) }) - 1);
    let before = 0;
    const ends = branches.map(({ weight, steps }, index) => {
      before += weight;
      shares[index] = before / sum;
      targets[index] = builder.here;
      this.add(steps, `${place}.choose[${String(index)}]`);
      builder.rule = 0;
      return builder.turn(Op.jump);
    });
    for (const end of ends) end();
  }
}

function isAboutContent(step: CommandStep): boolean {
  return step.kind === 'bdat' || (step.kind === 'data' && step.sendsContent);
}
