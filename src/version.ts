/** The version of postrush, from its own package file. */
import { createRequire } from 'node:module';

/** Reads it. The package names itself, so that the built and the unbuilt program find the same file. */
export function version(): string {
  const manifest = createRequire(import.meta.url)('postrush/package.json') as { version: string };
  return manifest.version;
}
