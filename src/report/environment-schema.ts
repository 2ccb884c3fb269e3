/** The machine and the program, as results have them. */
import { z } from 'zod';
import { amount, count, text } from './schema-words.js';

const orNull = (meaning: string) => z.int().nonnegative().nullable().describe(meaning);

/** What a run ran on: enough to tell whether two runs may be compared. */
export const environmentResult = z
  .strictObject({
    node: text('Version of Node.js'),
    v8: text('Version of its JavaScript engine; empty: not known'),
    uv: text('Version of its event loop, libuv; empty: not known'),
    openssl: text('Version of its OpenSSL; empty: not known'),
    platform: text('Operating system'),
    kernel: text('Release of its kernel; empty: not known'),
    arch: text('Architecture of the processor'),
    cpuModel: text('Model of the processor'),
    cores: count('Logical cores'),
    cpuLimit: amount('Cores that a control group lets this process use').nullable(),
    memoryBytes: count('Memory of the machine, octets'),
    openFilesLimit: orNull('Files that this process may have open; null: not known'),
    localPorts: orNull('Local ports that connections to one address from one address can have; null: not known'),
  })
  .meta({ id: 'EnvironmentResult' });

export type EnvironmentResult = z.infer<typeof environmentResult>;

/** What results of earlier versions do not say. */
export const UNKNOWN_ENVIRONMENT = {
  ...{ v8: '', uv: '', openssl: '', kernel: '', cpuLimit: null, openFilesLimit: null, localPorts: null },
} as const satisfies Partial<EnvironmentResult>;
