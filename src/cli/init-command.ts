/** `postrush init`: one of the profiles in examples/, as a file of one's own. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';
import { nearestWord } from '../nearest-word.js';
import type { Invocation } from './command-line.js';
import { ExitCode } from './exit-codes.js';
import type { Output } from './output.js';

const SUFFIX = '.yaml';
/** Columns of the names in the list. */
const NAME_WIDTH = 22;

/**
 * Writes a profile, or lists them all.
 *
 * @returns the exit code
 * @throws PostrushError `E_CONFIG` when there is no such profile, or the file cannot be written
 */
export async function initCommand(
  { profile, output, isForced }: Extract<Invocation, { kind: 'init' }>,
  stdout: Output,
): Promise<ExitCode> {
  const folder = profileFolder();
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
  const textOf = (name: string): string => readFileSync(new URL(name + SUFFIX, folder), 'utf8');
  if (profile === null) {
    if (output !== null) throw refusal('-o', 'needs a profile to write: postrush init PROFILE -o FILE');
    const rows = names.map((name) => `  ${name.padEnd(NAME_WIDTH)}${titleOf(textOf(name))}\n`);
    await stdout.write(`postrush init PROFILE writes one of these:\n\n${rows.join('')}`);
    return ExitCode.pass;
  }
  if (!names.includes(profile)) {
    const near = nearestWord(profile, names);
    const hint = near === null ? `takes one of: ${names.join(', ')}` : `is not a profile: did you mean ${near}?`;
    throw refusal(profile, hint);
  }
  const path = output ?? profile + SUFFIX;
  try {
    writeFileSync(path, textOf(profile), { flag: isForced ? 'w' : 'wx' });
  } catch (error) {
    throw refusal(path, writingProblem(error));
  }
  await stdout.write(
    `${path} is written: read it, change its target, and then\n\n` +
      `  postrush explain -f ${path}\n  postrush run -f ${path}\n`,
  );
  return ExitCode.pass;
}

function writingProblem(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return 'is there already: take another name (-o), or --force';
  return code === 'ENOENT' ? 'there is no such folder' : fileProblem(error);
}

/** The first comment of a profile is its title. */
function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? '';
}

/** The package names itself, so that the built and the unbuilt program find the same folder. */
function profileFolder(): URL {
  return new URL('examples/', pathToFileURL(createRequire(import.meta.url).resolve('postrush/package.json')));
}

function refusal(path: string, message: string): PostrushError {
  return new PostrushError('E_CONFIG', `${path}: ${message}`, { issues: [{ path, message }] });
}
