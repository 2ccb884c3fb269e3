/** The style rules that lint, layering and dead-code checks cannot express. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const MAX_FILE_LINES = 500;
/** A screen, or two for a parser's one `switch`. */
const MAX_FUNCTION_LINES = 80;
/** Names that say nothing: name the thing instead. */
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|types?|shared|stuff)\.[cm]?[jt]s$/;
/** Host names of package registries: where a machine gets its packages from is no part of a project. */
const REGISTRY_HOST = /\b(registry|npm|nexus|artifacts?|mirrors?)\.[a-z0-9-]+\.[a-z]{2,}/i;
/** Not ours to check: what git ignores, and git itself. */
const SKIPPED_FOLDERS = new Set(['.git', 'node_modules', 'dist', 'coverage', 'postrush-runs']);
const SELF = 'test/tidy.test.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(file, 'utf8');
const files = listFiles('');
const code = files.filter((file) => /\.(ts|js|cjs|mjs)$/.test(file));
const shipped = code.filter((file) => /^(src|workers)\//.test(file));

/** Every file below `folder`, with `/` between its parts. The machine may have no git. */
function listFiles(folder: string): string[] {
  return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listFiles(path);
    return entry.isFile() && !/\.(log|tgz)$/.test(entry.name) ? [path] : [];
  });
}

/** Every function body of a file with its name and its length in lines. */
function functionLengths(file: string): { name: string; lines: number; at: number }[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2023, true);
  const found: { name: string; lines: number; at: number }[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const at = lineOf(node.getStart(source));
      const owner = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
      found.push({ name: owner?.getText(source) ?? '(anonymous)', lines: lineOf(node.end) - at + 1, at });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('the source', () => {
  test('has no file longer than a reader can hold in mind', () => {
    const tooLong = shipped.filter((file) => lineCount(file) > MAX_FILE_LINES);
    expect(tooLong.map((file) => `${file}: ${lineCount(file)} lines`)).toEqual([]);
  });

  test('has no function longer than a screen', () => {
    const tooLong = shipped.flatMap((file) =>
      functionLengths(file)
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ name, lines, at }) => `${file}:${at} ${name}: ${lines} lines`),
    );
    expect(tooLong).toEqual([]);
  });

  test('has no file whose name says nothing', () => {
    expect(code.filter((file) => EMPTY_NAMES.test(basename(file)))).toEqual([]);
  });

  test('is named in kebab-case', () => {
    expect(code.filter((file) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(file).replace(/^\./, '')))).toEqual([]);
  });

  test('holds no note about work left undone', () => {
    expect(linesMatching(code, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  test('says in its first lines what each file is for', () => {
    const isComment = /^(#!.*\n)?\s*(\/\*\*|\/\/)/;
    expect(shipped.filter((file) => !isComment.test(read(file)))).toEqual([]);
  });

  test('has no test that is switched off or alone switched on', () => {
    expect(linesMatching(code, /\b(test|it|describe)\.(only|todo)\b/)).toEqual([]);
  });
});

describe('the repository', () => {
  test('names no package registry', () => {
    const text = files.filter((file) => !/\.(png|gz|ico)$/.test(file));
    expect(linesMatching(text, REGISTRY_HOST)).toEqual([]);
  });

  test('pins every dependency exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Manifest;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, range]) => !/^\d+\.\d+\.\d+$/.test(range),
    );
    expect(loose).toEqual([]);
  });

  test('locks packages without the address they came from', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
    expect(Object.entries(packages).filter(([, locked]) => locked.resolved !== undefined)).toEqual([]);
  });

  test('locks what optional packages need on every platform, or npm ci refuses to install', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('locks what package.json asks for', () => {
    const manifest = JSON.parse(read('package.json')) as Manifest;
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, LockedPackage & Manifest>;
    };
    expect(packages['']?.dependencies).toEqual(manifest.dependencies);
    expect(packages['']?.devDependencies).toEqual(manifest.devDependencies);
  });

  test('needs no install script of any runtime dependency', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
    const scripted = Object.entries(packages).filter(
      ([, locked]) => locked.hasInstallScript === true && locked.dev !== true,
    );
    expect(scripted.map(([name]) => name)).toEqual([]);
  });

  test.each([
    ['README.md', /^# postrush/m],
    ['CHANGELOG.md', /^# Changelog/im],
    ['ARCHITECTURE.md', /^# /m],
    ['CONTRIBUTING.md', /^# Contributing/m],
    ['LICENSE', /^MIT License/],
  ])('has a %s with its title', (file, title) => {
    expect(existsSync(file) ? read(file) : '').toMatch(title);
  });

  test('tells a newcomer the two commands in its README', () => {
    const readme = existsSync('README.md') ? read('README.md') : '';
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm cit');
  });
});

function lineCount(file: string): number {
  return read(file).trimEnd().split('\n').length;
}

/** `file:line text` of every line that matches. */
function linesMatching(where: readonly string[], pattern: RegExp): string[] {
  return where
    .filter((file) => file !== SELF)
    .flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, index) => ({ line, at: `${file}:${index + 1} ${line.trim().slice(0, 100)}` }))
        .filter(({ line }) => pattern.test(line))
        .map(({ at }) => at),
    );
}
