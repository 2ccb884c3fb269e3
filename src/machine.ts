/** The machine that a run runs on, as results have it. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { cpuLimit, fileLimit, portLimit } from './machine-limits.js';
import type { EnvironmentResult } from './report/environment-schema.js';

/** Looks at this machine. */
export function machineOf(): EnvironmentResult {
  const { v8, uv, openssl } = process.versions;
  return {
    node: process.version,
    v8,
    uv,
    openssl,
    platform: process.platform,
    kernel: release(),
    arch: process.arch,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    cpuLimit: cpuLimit(),
    memoryBytes: totalmem(),
    openFilesLimit: fileLimit(),
    localPorts: portLimit(),
  };
}
