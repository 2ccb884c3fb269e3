/** Loaded before a program with `--import`: when it ends, the peak of its resident memory goes to a file, in KB. */
import { writeFileSync } from 'node:fs';

/** Environment variable with the path of the file. */
export const PEAK_MEMORY_FILE = 'POSTRUSH_BENCH_PEAK_MEMORY_FILE';

const path = process.env[PEAK_MEMORY_FILE];
if (path !== undefined) {
  process.on('exit', () => {
    writeFileSync(path, String(process.resourceUsage().maxRSS));
  });
}
