/** Where a run is kept when nobody says. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunSettings } from './run-settings.js';

const FOLDER = 'runs';
const MAX_NAME_LENGTH = 60;

/** `runs/<time>-<name>`, with a number behind it where that is taken. The name is that of the scenario file, or the target. */
export function defaultDirectory({ plan, scenarioPath, targets }: RunSettings, now: Date): string {
  const file = basename(scenarioPath).replace(/\.[a-z]+$/i, '');
  const name =
    file !== '' ? file : targets.length === 0 ? 'built-in-sink' : plan.targets[0].url.replace(/^[a-z+]+:\/*/, '');
  const safe = name
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, MAX_NAME_LENGTH);
  const time = `${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  const path = join(FOLDER, `${time}-${safe === '' ? 'run' : safe}`);
  for (let number = 2; ; number++) {
    const place = number === 2 ? path : `${path}-${number - 1}`;
    if (!existsSync(place)) return place;
  }
}
