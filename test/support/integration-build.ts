/** The built engine: worker threads need files that Node can run. Types come from the source, so no build is needed to check them. */
import type * as Check from '../../src/check.js';
import type * as Run from '../../src/run.js';
import type * as CompileScript from '../../src/scenario/compile-script.js';
import type * as Sink from '../../src/sink/sink.js';

/** Where the build stands. */
const BUILD_URL = new URL('../../dist/', import.meta.url);

async function load<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, BUILD_URL).href)) as Module;
}

/** `run`, `runPlan` and `startSink` as a user of the package gets them. */
export const { run, runPlan } = await load<typeof Run>('src/run.js');
export const { startSink } = await load<typeof Sink>('src/sink/sink.js');
/** What `postrush check` is made of. */
export const { checkTarget } = await load<typeof Check>('src/check.js');
/** The same compiler of scripts, faster: stuffing the dots of a large message takes tests seconds that others wait for. */
export const { compileLoadScript } = await load<typeof CompileScript>('src/scenario/compile-script.js');
