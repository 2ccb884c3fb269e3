/** The built program, from its words to how it ends. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const LONGEST_MS = 60_000;

/** How the program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program without the variables of whoever runs the tests. */
export function readProgram(
  words: readonly string[],
  cwd?: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env['PATH'], POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none', ...environment },
      timeout: LONGEST_MS,
      maxBuffer: 64 * 1024 * 1024,
      cwd,
    };
    execFile(process.execPath, [PROGRAM, ...words], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : ((error.code as number | undefined) ?? null), stdout, stderr });
    });
  });
}
