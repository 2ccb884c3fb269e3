#!/usr/bin/env node
/** The program `postrush`: words in, exit code out. */
import { PostrushError } from '../errors.js';
import { version } from '../version.js';
import { readCommandLine } from './command-line.js';
import { errorLines } from './error-lines.js';
import { ExitCode, exitCodeOfError } from './exit-codes.js';
import { Output } from './output.js';

const stdout = new Output(process.stdout, 'stdout');
const stderr = new Output(process.stderr, 'stderr');

/** Node would exit with 1, which here means that the server failed. */
process.on('uncaughtException', (error) => {
  stderr.tell(linesOf(error));
  process.exit(exitCodeOfError(error));
});

// What ends before it says how it ended has failed.
process.exitCode = ExitCode.internal;
process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<ExitCode> {
  try {
    const invocation = readCommandLine(words, version());
    switch (invocation.kind) {
      case 'print':
        await stdout.write(invocation.text);
        return ExitCode.pass;
      case 'refuse':
        throw new PostrushError('E_CONFIG', 'the command line is unusable', { issues: invocation.problems });
      case 'schema': {
        const { schemaText } = await import('./schema-command.js');
        await stdout.write(await schemaText(invocation.name));
        return ExitCode.pass;
      }
      case 'sink': {
        const { sinkCommand } = await import('./sink-command.js');
        return await sinkCommand(invocation, { stdout, stderr, environment: process.env });
      }
      case 'report': {
        const { reportCommand } = await import('./report-command.js');
        return await reportCommand(invocation, { stdout, stderr, environment: process.env });
      }
      case 'explain': {
        const { explainCommand } = await import('./explain-command.js');
        return await explainCommand(invocation, { stdout, stderr, environment: process.env });
      }
      case 'calibrate': {
        const { calibrateCommand } = await import('./calibrate-command.js');
        return await calibrateCommand(invocation, { stdout, stderr, environment: process.env });
      }
      case 'init': {
        const { initCommand } = await import('./init-command.js');
        return await initCommand(invocation, stdout);
      }
      case 'check': {
        const { checkCommand } = await import('./check-command.js');
        return await checkCommand(invocation, { stdout, stderr, environment: process.env });
      }
      case 'run': {
        // The engine is not needed for help, and help should be there at once.
        const { runCommand } = await import('./run-command.js');
        return await runCommand(invocation, { stdout, stderr, environment: process.env });
      }
    }
  } catch (error) {
    await stderr.write(linesOf(error)).catch(() => undefined);
    return exitCodeOfError(error);
  }
}

function linesOf(error: unknown): string {
  const isDebugging = (process.env['POSTRUSH_DEBUG'] ?? '') !== '';
  return errorLines(error, isDebugging, stderr.isTerminal)
    .map((line) => `${line}\n`)
    .join('');
}
