/** Configuration files of servers: templates with names between at signs. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Writes `template` to `file` with values in place of its names. */
export function fillTemplate(template: string, file: string, values: Readonly<Record<string, string | number>>): void {
  const text = readFileSync(template, 'utf8');
  writeFileSync(
    file,
    text.replace(/@([A-Z_]+)@/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${template} asks for ${name}, which nobody knows`);
      return String(value);
    }),
  );
}
