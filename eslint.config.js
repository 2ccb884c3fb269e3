// Lint rules. Formatting is prettier's business, layering dependency-cruiser's, dead code knip's.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Code that runs per command or per byte: reads typed arrays by an index it has already bounded. */
const HOT_PATH = ['src/protocol/**/*.ts', 'src/metrics/**/*.ts', 'src/data/**/*.ts', 'workers/**/*.ts'];

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'node_modules/', 'postrush-runs/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        // A `default` with assertNever is the house way to close a switch over a union.
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      // Numbers print as anyone expects; the rule's other catches (objects, undefined, unions) stay on.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // `() => this.stop()` as a callback, and `return this.#fail()` to leave early, read better than blocks around calls.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `while (true)` with a return inside is the plain form of an event loop.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A leading underscore says 'required by the signature, not needed here'.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      // A catch without a word why is a swallowed error; a comment inside makes the block non-empty.
      'no-empty': 'error',
    },
  },
  {
    files: HOT_PATH,
    rules: {
      // With noUncheckedIndexedAccess every typed-array read is `number | undefined`. Here the index is in range by
      // construction and a check per byte would cost; `!` and `as number` say so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Index loops over typed arrays are the fast form, and often walk two arrays at once.
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    files: ['src/cli/**/*.ts', 'benchmarks/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test knows the shape of what it has just built; a wrong guess fails it anyway.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // JSON results and untyped servers are taken as they come; their shape is checked by the schema tests.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // Stubs of interfaces are empty or async without awaiting on purpose.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // `{ ...instance }` is how a test keeps the fields of an object as they were.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error', 'no-undef': 'off' },
  },
);
