/** From the words of a command line to what is wanted. The only place that knows commander. Reads no files. */
import { Command, CommanderError, Option } from 'commander';
import { CALIBRATE_FLAGS, CALIBRATE_HELP } from './calibrate-flags.js';
import { CHECK_FLAGS } from './check-flags.js';
import type { CheckFlag } from './check-flags.js';
import { EXPLAIN_FLAGS, RUN_FLAGS, RUN_FLAG_GROUPS, longName } from './run-flags.js';
import type { RunFlag } from './run-flags.js';
import type { SinkFlag } from './sink-flags.js';
import { SINK_FLAGS } from './sink-flags.js';
import { SCHEMA_NAMES } from './schema-names.js';

/** What flags were given, by their long name: the text, all texts of a repeated flag, or true for a switch. */
export type GivenFlags = ReadonlyMap<string, string | readonly string[] | true>;

/** Something wrong with the words themselves. */
export interface UsageProblem {
  /** The word or flag. */
  readonly path: string;
  readonly message: string;
}

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'refuse'; readonly problems: readonly UsageProblem[] }
  | { readonly kind: 'schema'; readonly name: string }
  | { readonly kind: 'sink'; readonly flags: GivenFlags; readonly problems: readonly UsageProblem[] }
  | {
      readonly kind: 'check';
      readonly target: string | null;
      readonly flags: GivenFlags;
      readonly problems: readonly UsageProblem[];
    }
  | {
      readonly kind: 'report';
      /** Directories, as written. */
      readonly paths: readonly string[];
      readonly json: string | null;
      readonly junit: string | null;
      readonly isQuiet: boolean;
    }
  | {
      readonly kind: 'init';
      /** Null: they are listed. */
      readonly profile: string | null;
      /** Where it goes; null: under its own name. */
      readonly output: string | null;
      /** A file that is there is replaced. */
      readonly isForced: boolean;
    }
  | {
      /** The same words, for what would happen, or for what the generator can do of it; that has no targets. */
      readonly kind: 'run' | 'explain' | 'calibrate';
      /** As written; empty: none is named. */
      readonly targets: readonly string[];
      readonly flags: GivenFlags;
      /** Everything wrong with the words. With unknown flags it is not known which words were targets: then there are none. */
      readonly problems: readonly UsageProblem[];
    };

/** Terminals are 80 columns wide until proven otherwise, and so is every example of a help text. */
const HELP_WIDTH = 80;

/** Flags that the help of explain names. */
const EXPLAIN_HELP: readonly string[] = ['--scenario', '--sessions', '--duration', '--messages'];

const UNKNOWN_OPTION = 'commander.unknownOption';

const EXAMPLES = `
Examples:
  $ postrush run
  $ postrush run smtp://127.0.0.1:2525 -s 50 -m 20000 -n 10
  $ postrush run smtp://mx1.lab.test:25,weight=3 smtp://mx2.lab.test
  $ postrush run smtp://127.0.0.1:587 --tls required --tls-ca ca.pem \\
      --tls-servername mail.lab.test --auth login --user load \\
      --password-file pw.txt --to 'user%d@lab.test' -R 3 -d 1m

Without TARGET a built-in server is started on a loopback port.
Times take ms, s, m or h (10s, 1m30s), sizes B, KB, KiB, MB or MiB.
Flags but those of consent may come from the environment: POSTRUSH_SESSIONS=50.
Exit codes: 0 pass, 1 fail, 2 usage, 3 invalid, 4 target, 5 internal, 130 cut.
`;

const EXPLAIN_EXAMPLES = `
Examples:
  $ postrush explain smtp://127.0.0.1:2525 -s 50 -n 10 -d 1m
  $ postrush explain -f scenario.yaml

It takes the flags of run but those of its output (postrush run --help), sends
nothing and looks up no name. Exit codes: 0 explained, 2 usage, 5 internal.
`;

const CALIBRATE_EXAMPLES = `
Examples:
  $ postrush calibrate
  $ postrush calibrate -f scenario.yaml
  $ postrush calibrate -n all -R 3 --to 'user%d@lab.test' --tls required

It takes the flags of run that shape sessions (postrush run --help). The load
is closed and goes to a sink beside it. For runs with --reuse give -n all, for
smtps:// --tls required. The ceiling is stored for later runs of such sessions,
in $POSTRUSH_CALIBRATION (none: nowhere) or
~/.local/state/postrush/calibration.json.
Exit codes: 0 calibrated, 2 usage, 4 the sink cannot take it, 5 internal,
130 stopped.
`;

const REPORT_EXAMPLES = `
Examples:
  $ postrush report runs/2026-11-26T22-15-00Z-127.0.0.1-2525
  $ postrush report my-run --json - | jq .latency.message

Exit codes: 0 rebuilt, whatever its verdict, 2 there is no run, 5 internal.
`;

const INIT_EXAMPLES = `
Examples:
  $ postrush init
  $ postrush init newsletter-injection
  $ postrush init lmtp-delivery -o lab.yaml

Exit codes: 0 written or listed, 2 usage.
`;

const SINK_EXAMPLES = `
Examples:
  $ postrush sink
  $ postrush sink --listen smtps://127.0.0.1:4650 --user load:secret
  $ postrush sink --listen lmtp+unix:/tmp/lmtp.sock --json saw.json -d 1m

SIGUSR2 prints what it has seen so far. Exit codes: 0 ended as told, 2 usage,
5 internal.
`;

const CHECK_EXAMPLES = `
Examples:
  $ postrush check smtp://127.0.0.1:2525
  $ postrush check smtps://127.0.0.1:4650 --tls-ca ca.pem --json -
  $ postrush check 127.0.0.1:25 --limits messages --to 'user%d@lab.test'

It sends no password, and no mail but with --limits messages. Without --limits
it holds up to 10 sessions with some 40 commands in all, one at a time; with it
up to 9 more, and those that count connections. It ends within 10 minutes.
Exit codes: 0 it could tell, 2 usage, 4 target, 5 internal.
`;

/**
 * Reads a command line. Goes on behind a wrong word, so that all are found at once.
 *
 * @param words - the arguments behind the name of the program
 * @param version - printed by `--version`
 */
export function readCommandLine(words: readonly string[], version: string): Invocation {
  if (words.length === 0) return { kind: 'print', text: buildProgram(version).program.helpInformation() };
  const problems: UsageProblem[] = [];
  let rest = words;
  for (;;) {
    const attempt = parseOnce(rest, version);
    if (!(attempt instanceof CommanderError)) return withProblems(attempt, problems);
    const problem = problemOf(attempt, rest);
    problems.push(problem);
    const shorter = isRunFlag(problem.path) && attempt.code === UNKNOWN_OPTION ? null : withoutWord(rest, problem.path);
    if (shorter === null) return { kind: 'refuse', problems };
    rest = shorter;
  }
}

function withProblems(invocation: Invocation, problems: readonly UsageProblem[]): Invocation {
  if (problems.length === 0) return invocation;
  if (invocation.kind === 'run' || invocation.kind === 'explain' || invocation.kind === 'calibrate') {
    return { ...invocation, targets: [], problems };
  }
  if (invocation.kind === 'check') return { ...invocation, target: null, problems };
  if (invocation.kind === 'sink') return { ...invocation, problems };
  return { kind: 'refuse', problems };
}

/** What commander printed, and what the action of a sub-command found. */
interface Outcome {
  printed: string;
  invocation: Invocation | null;
}

interface Built {
  readonly program: Command;
  readonly outcome: Outcome;
}

function parseOnce(words: readonly string[], version: string): Invocation | CommanderError {
  const { program, outcome } = buildProgram(version);
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // `postrush help` ends with whatever exit code the process has so far, and prints nothing of a command that is none.
    if (error.code === 'commander.help')
      return { kind: 'print', text: outcome.printed === '' ? program.helpInformation() : outcome.printed };
    return error.exitCode === 0 ? { kind: 'print', text: outcome.printed } : error;
  }
  return outcome.invocation ?? { kind: 'print', text: outcome.printed };
}

function buildProgram(version: string): Built {
  const outcome: Outcome = { printed: '', invocation: null };
  const program = new Command('postrush')
    .description('puts an SMTP server under a known load and tells what came back')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ helpWidth: HELP_WIDTH })
    .configureOutput({ writeOut: (text) => (outcome.printed += text), writeErr: () => undefined })
    .exitOverride();
  for (const add of [addRun, addReport, addExplain, addCalibrate, addInit, addSink, addCheck, addSchema])
    add(program, outcome);
  return { program, outcome };
}

function addRun(program: Command, outcome: Outcome): void {
  const run = program
    .command('run')
    .summary('put load on a server')
    .description('Puts load on an SMTP or LMTP server, prints the report and exits by its verdict.')
    .argument(
      '[TARGET...]',
      'smtp://host[:port] (25), smtps:// (465), lmtp:// (24), smtp+unix:/path, lmtp+unix:/path, ' +
        'smtp+mx://domain[:port] (the hosts of its MX records) or host:port; ' +
        'several share the clients, ,weight=N behind one gives it N parts',
    );
  for (const { title, flags } of RUN_FLAG_GROUPS) {
    for (const flag of flags) run.addOption(toOption(flag).helpGroup(title));
  }
  run.addHelpText('after', EXAMPLES).action(() => {
    outcome.invocation = runInvocation(run.args, run.opts());
  });
}

function addReport(program: Command, outcome: Outcome): void {
  const report = program
    .command('report')
    .summary('tell a run again')
    .description('Rebuilds the report of a run from the directory that --out made, also of one that was killed.')
    .argument('<DIR>', 'the directory of the run')
    .allowExcessArguments()
    .option('--json <file>', 'write the result as JSON; "-" is stdout, alone')
    .option('--junit <file>', 'write verdict, objectives and gates as JUnit XML')
    .option('-q, --quiet', 'one line');
  report.addHelpText('after', REPORT_EXAMPLES).action(() => {
    const { json, junit, quiet } = report.opts<{ json?: string; junit?: string; quiet?: boolean }>();
    const rest = { json: json ?? null, junit: junit ?? null, isQuiet: quiet === true };
    outcome.invocation = { kind: 'report', paths: report.args, ...rest };
  });
}

function addExplain(program: Command, outcome: Outcome): void {
  const explain = program
    .command('explain')
    .summary('tell what a run would do')
    .description('Tells what run would do with the same words: sessions, rates, needs, steps and a sample dialogue.')
    .argument('[TARGET...]', 'as those of run');
  for (const flag of EXPLAIN_FLAGS) {
    const option = toOption(flag);
    // They are those of run, which explains them.
    explain.addOption(EXPLAIN_HELP.includes(longName(flag)) ? option : option.hideHelp());
  }
  explain.addHelpText('after', EXPLAIN_EXAMPLES).action(() => {
    outcome.invocation = { ...runInvocation(explain.args, explain.opts()), kind: 'explain' };
  });
}

function addCalibrate(program: Command, outcome: Outcome): void {
  const calibrate = program
    .command('calibrate')
    .summary('tell what the generator itself can do')
    .description("Runs such sessions on a sink beside it, and tells and stores the generator's own ceiling.")
    .allowExcessArguments();
  for (const flag of CALIBRATE_FLAGS) {
    const option = toOption(flag);
    calibrate.addOption(CALIBRATE_HELP.includes(longName(flag)) ? option : option.hideHelp());
  }
  calibrate.addHelpText('after', CALIBRATE_EXAMPLES).action(() => {
    const message = 'is not expected, calibrate takes flags only: its load goes to a sink of its own';
    const problems = calibrate.args.map((word) => ({ path: word, message }));
    outcome.invocation = { ...runInvocation([], calibrate.opts()), kind: 'calibrate', problems };
  });
}

function addInit(program: Command, outcome: Outcome): void {
  const init = program
    .command('init')
    .summary('write a scenario file to begin with')
    .description('Writes a scenario file that is ready to run and explains itself. Without PROFILE it lists them.')
    .argument('[PROFILE]', 'which one')
    .option('-o, --output <file>', 'where to write it (default: its name and .yaml, here)')
    .option('--force', 'replace a file that is there');
  init.addHelpText('after', INIT_EXAMPLES).action((profile: string | undefined) => {
    const { output, force } = init.opts<{ output?: string; force?: boolean }>();
    outcome.invocation = {
      kind: 'init',
      profile: profile ?? null,
      output: output ?? null,
      isForced: force === true,
    };
  });
}

function addSink(program: Command, outcome: Outcome): void {
  const sink = program
    .command('sink')
    .summary('be a test server')
    .description('Listens as an SMTP or LMTP server that discards what it gets, and tells what it saw.')
    .allowExcessArguments();
  for (const flag of SINK_FLAGS) sink.addOption(toOption(flag));
  sink.addHelpText('after', SINK_EXAMPLES).action(() => {
    const problems = sink.args.map((word) => ({
      path: word,
      message: `is not expected, sink takes flags only: did you mean --listen ${word}?`,
    }));
    outcome.invocation = { kind: 'sink', flags: givenFlags(SINK_FLAGS, sink.opts()), problems };
  });
}

function addCheck(program: Command, outcome: Outcome): void {
  const check = program
    .command('check')
    .summary('tell what a server is')
    .description('Asks an SMTP server in a few polite sessions, one at a time, what it offers, and tells it in words.')
    .argument(
      '[TARGET]',
      'smtp://host[:port] (25), smtps:// (465), lmtp:// (24), smtp+unix:/path, lmtp+unix:/path or host:port',
    )
    .allowExcessArguments();
  for (const flag of CHECK_FLAGS) check.addOption(toOption(flag));
  check.addHelpText('after', CHECK_EXAMPLES).action(() => {
    outcome.invocation = checkInvocation(check.args, check.opts());
  });
}

function addSchema(program: Command, outcome: Outcome): void {
  program
    .command('schema')
    .summary('print a JSON Schema')
    .description('Prints the JSON Schema of what postrush writes.')
    .argument('<name>', SCHEMA_NAMES.join(', '))
    .action((name: string) => {
      outcome.invocation = { kind: 'schema', name };
    });
}

function toOption(flag: RunFlag | SinkFlag | CheckFlag): Option {
  const option = new Option(flag.usage, flag.help);
  return flag.kind === 'list' ? option.argParser(appendTo) : option;
}

function appendTo(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function givenFlags(
  known: readonly (RunFlag | SinkFlag | CheckFlag)[],
  values: Readonly<Record<string, unknown>>,
): Map<string, string | readonly string[] | true> {
  const flags = new Map<string, string | readonly string[] | true>();
  for (const flag of known) {
    const value = values[new Option(flag.usage).attributeName()];
    if (value === undefined) continue;
    // `--no-progress` and `--progress` share a value, as do `--no-out` and `--out`: the last of them on the line counts.
    if (value === false) flags.set(longName(flag).replace('--no-', '--'), 'none');
    else if (value === true || typeof value === 'string' || isTextList(value)) flags.set(longName(flag), value);
  }
  return flags;
}

function runInvocation(
  operands: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Extract<Invocation, { kind: 'run' | 'explain' | 'calibrate' }> {
  const flags = givenFlags(RUN_FLAGS, values);
  flags.delete('--no-progress');
  flags.delete('--no-out');
  return { kind: 'run', targets: operands, flags, problems: [] };
}

function checkInvocation(operands: readonly string[], values: Readonly<Record<string, unknown>>): Invocation {
  const flags = givenFlags(CHECK_FLAGS, values);
  const words = [...operands];
  // A flag with an optional value takes the next word, which may have been meant as the target.
  const limits = flags.get('--limits');
  if (typeof limits === 'string' && limits !== 'messages' && words.length === 0) {
    words.push(limits);
    flags.set('--limits', true);
  }
  const [target = null, ...more] = words;
  const problems = more.map((word) => ({ path: word, message: 'is one target too many: check takes one' }));
  return { kind: 'check', target, flags, problems };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** What commander says, in the words of this program. */
function problemOf(error: CommanderError, words: readonly string[]): UsageProblem {
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const meant = /\(Did you mean (.*)\?\)/s.exec(error.message)?.[1];
  const hint = meant === undefined ? '' : `: did you mean ${meant.replace(/^one of /, '')}?`;
  switch (error.code) {
    case UNKNOWN_OPTION:
      if (isRunFlag(named)) {
        if (words.includes('explain'))
          return { path: named, message: 'is about the output of run, and explain has none of it' };
        if (words.includes('calibrate'))
          return {
            path: named,
            message: 'is not for calibrate, which has a load of its own, no report and no verdict',
          };
        return { path: named, message: 'is a flag of run: did you mean postrush run?' };
      }
      return { path: named, message: `is not a flag${hint}` };
    case 'commander.optionMissingArgument':
      return { path: words.at(-1) ?? named, message: 'needs a value' };
    case 'commander.unknownCommand':
      return {
        path: named,
        message: named.includes(':')
          ? `is not a command: did you mean postrush run ${named}?`
          : `is not a command${hint}`,
      };
    case 'commander.missingArgument':
      if (words[0] === 'report') return { path: 'report', message: 'needs the directory of a run' };
      return { path: words[0] ?? named, message: `takes one of: ${SCHEMA_NAMES.join(', ')}` };
    default:
      return { path: words[0] ?? named, message: error.message.replace(/^error: /, '').replace(/\s+/g, ' ') };
  }
}

/** A flag of `run` is unknown only where `run` is missing, and without it nothing else makes sense. */
function isRunFlag(word: string): boolean {
  return RUN_FLAGS.some(({ usage }) => usage.split(/[ ,]+/).includes(word));
}

/** The words without a wrong one; null when there is nothing to go on with. */
function withoutWord(words: readonly string[], word: string): readonly string[] | null {
  const index = words.lastIndexOf(word);
  return index < 0 || !word.startsWith('-') ? null : words.filter((_, at) => at !== index);
}
