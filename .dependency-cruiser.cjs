/**
 * Who may import what. One rule per module says which other parts of the project it may reach; a new module needs a
 * rule of its own before it may import anything. `run.ts` is the composition root: it may import all of src but cli. So are `check.ts`, `explain.ts` and `calibrate.ts`.
 */

/** Files without project imports, open to everyone. */
const FOUNDATION = [
  '^src/errors\\.ts$',
  '^src/assert\\.ts$',
  '^src/clock\\.ts$',
  '^src/version\\.ts$',
  '^src/seeded-random\\.ts$',
  '^src/delay\\.ts$',
  '^src/nearest-word\\.ts$',
  '^src/file-problem\\.ts$',
];

/** Names and indices of the steps: constants that whoever counts or prints needs. */
const STEP_NAMES = '^src/protocol/steps\\.ts$';

/**
 * The parts of the project. `from` is the part itself, `may` what it may import (types or code), `mayTypes` what it
 * may import for types alone, `node` the built-in modules that are its business (null: any).
 */
const PARTS = [
  {
    name: 'foundation',
    from: '^src/(errors|assert|clock|version|nearest-word|file-problem)\\.ts$',
    may: [],
    node: null,
  },
  { name: 'delay', from: '^src/delay\\.ts$', may: ['^src/seeded-random\\.ts$'], node: [] },
  { name: 'config-file', from: '^src/config-file/', may: FOUNDATION, node: ['vm'] },
  { name: 'protocol', from: '^src/protocol/', may: FOUNDATION, node: ['crypto', 'buffer'] },
  {
    name: 'plan',
    from: '^src/plan/',
    // Whether a template is right, and what the rows of feeders would make of an address.
    may: [
      ...FOUNDATION,
      '^src/data/(feeder|feeder-values|scenario-functions|template|template-syntax|template-variables)\\.ts$',
    ],
    mayTypes: ['^src/data/'],
    node: ['fs', 'path', 'os', 'net', 'buffer', 'util'],
  },
  {
    name: 'data',
    from: '^src/data/',
    may: [...FOUNDATION, '^src/protocol/', '^src/plan/(csv|message-content|units)\\.ts$'],
    node: ['buffer', 'crypto', 'fs', 'path', 'stream/consumers'],
  },
  {
    name: 'metrics',
    from: '^src/metrics/',
    may: [...FOUNDATION, STEP_NAMES],
    node: ['perf_hooks', 'buffer', 'zlib'],
  },
  { name: 'messages', from: '^src/messages/', may: [], mayTypes: ['^src/plan/', '^src/metrics/'], node: [] },
  {
    name: 'scenario',
    from: '^src/scenario/',
    may: [...FOUNDATION, '^src/plan/', '^src/data/', '^src/metrics/', '^src/config-file/', '^src/protocol/'],
    node: ['buffer', 'crypto'],
  },
  {
    name: 'scenario-file',
    from: '^src/scenario-file/',
    may: [...FOUNDATION, '^src/plan/', '^src/config-file/'],
    mayTypes: ['^src/data/scenario-functions\\.ts$'],
    node: [],
  },
  {
    name: 'verdict',
    from: '^src/verdict/',
    may: [...FOUNDATION, STEP_NAMES, '^src/plan/', '^src/metrics/', '^src/config-file/'],
    node: [],
  },
  {
    name: 'sink',
    from: '^src/sink/',
    may: [...FOUNDATION, '^src/protocol/', '^src/metrics/', '^src/config-file/'],
    node: null,
  },
  {
    name: 'coordinator',
    from: '^src/coordinator/',
    may: [...FOUNDATION, '^src/plan/', '^src/metrics/', '^src/messages/', '^src/verdict/', '^src/run-store/'],
    // The messages that the thread of the built-in sink exchanges.
    mayTypes: ['^src/sink/'],
    node: [
      'dns/promises',
      'worker_threads',
      'events',
      'path',
      'url',
      'os',
      'timers',
      'timers/promises',
      'perf_hooks',
      'fs',
    ],
  },
  {
    name: 'run-store',
    from: '^src/run-store/',
    may: [...FOUNDATION, '^src/metrics/'],
    mayTypes: ['^src/plan/'],
    node: ['fs', 'fs/promises', 'path', 'zlib'],
  },
  {
    name: 'report',
    from: '^src/report/',
    // What replies mean is a table of the protocol; reports print it.
    may: [...FOUNDATION, STEP_NAMES, '^src/metrics/', '^src/protocol/(enhanced-status|reply-codes)\\.ts$'],
    mayTypes: ['^src/plan/', '^src/verdict/', '^src/messages/'],
    node: [],
  },
  // What the generator can do alone, from what it did beside a sink.
  {
    name: 'calibration',
    from: '^src/calibration/',
    may: [...FOUNDATION, '^src/plan/'],
    mayTypes: ['^src/report/', '^src/sink/'],
    node: ['crypto'],
  },
  { name: 'run', from: '^src/run\\.ts$', may: ['^src/(?!cli/|index\\.ts$)'], node: null },
  // What a run was, from its events: no threads, no files.
  {
    name: 'run-story',
    from: '^src/run-story\\.ts$',
    may: [
      ...FOUNDATION,
      '^src/plan/',
      '^src/metrics/',
      '^src/verdict/',
      '^src/report/',
      '^src/coordinator/load-ledger\\.ts$',
    ],
    mayTypes: ['^src/messages/', '^src/coordinator/'],
    node: [],
  },
  {
    name: 'rebuild',
    from: '^src/rebuild\\.ts$',
    may: ['^src/run-story\\.ts$', '^src/run-store/', '^src/metrics/'],
    mayTypes: ['^src/messages/', '^src/report/'],
    node: [],
  },
  { name: 'machine-limits', from: '^src/machine-limits\\.ts$', may: [], node: ['fs'] },
  {
    name: 'machine',
    from: '^src/machine\\.ts$',
    may: ['^src/machine-limits\\.ts$'],
    mayTypes: ['^src/report/'],
    node: ['os'],
  },
  { name: 'explain', from: '^src/explain\\.ts$', may: ['^src/(?!cli/|index\\.ts$)'], node: [] },
  { name: 'calibrate', from: '^src/calibrate\\.ts$', may: ['^src/(?!cli/|index\\.ts$)'], node: [] },
  { name: 'check', from: '^src/check\\.ts$', may: ['^src/(?!cli/|index\\.ts$)'], node: [] },
  { name: 'index', from: '^src/index\\.ts$', may: ['^src/(?!cli/)'], node: [] },
  { name: 'cli', from: '^src/cli/', may: ['^src/'], node: null },
  {
    name: 'sink-worker',
    from: '^workers/sink-worker\\.ts$',
    may: ['^src/sink/', '^src/errors\\.ts$'],
    node: ['worker_threads'],
  },
  {
    // Both sides of a dialogue, in one thread and without sockets.
    name: 'rehearsal',
    from: '^workers/rehearsal\\.ts$',
    may: [
      ...FOUNDATION,
      '^workers/',
      '^src/(protocol|scenario|plan|metrics|messages)/',
      '^src/sink/memory-session\\.ts$',
    ],
    mayTypes: ['^src/sink/'],
    node: ['crypto', 'net'],
  },
  {
    name: 'generator',
    from: '^workers/(?!(sink-worker|rehearsal)\\.ts$)',
    may: [
      ...FOUNDATION,
      '^workers/rehearsal\\.ts$',
      '^src/protocol/',
      '^src/scenario/',
      '^src/plan/',
      '^src/metrics/',
      '^src/messages/',
      '^src/data/keyed-random\\.ts$',
    ],
    mayTypes: ['^src/data/'],
    node: [
      'net',
      'dgram',
      'tls',
      'worker_threads',
      'perf_hooks',
      'fs',
      'os',
      'crypto',
      'buffer',
      'timers',
      'timers/promises',
    ],
  },
];

/** Third-party libraries, each behind one module of ours. */
const LIBRARIES = {
  piscina: ['^src/coordinator/worker-pool\\.ts$'],
  'hdr-histogram-js': ['^src/metrics/'],
  commander: ['^src/cli/'],
  'p-limit': ['^workers/', '^src/coordinator/'],
  zod: [
    '^src/report/([a-z]+-schema|schema-words)\\.ts$',
    '^src/config-file/',
    '^src/scenario-file/',
    '^src/sink/sink-file\\.ts$',
  ],
  yaml: ['^src/config-file/'],
  picocolors: ['^src/report/', '^src/cli/'],
  nodemailer: ['^src/data/corpus/(compose-mail|dkim-signature)\\.ts$'],
  selfsigned: ['^src/sink/self-signed\\.ts$'],
};

const PROJECT = '^(src|workers)/';

/** A part's own files: siblings may always import each other. */
const own = (part) => [part.from];

const layering = PARTS.flatMap((part) => {
  const mayTypes = part.mayTypes ?? [];
  const rules = [
    {
      name: `${part.name}-imports`,
      comment: `${part.name} may import only ${[...part.may, ...mayTypes].join(', ') || 'nothing of the project'}`,
      severity: 'error',
      from: { path: part.from },
      to: { path: PROJECT, pathNot: [...own(part), ...part.may, ...mayTypes] },
    },
  ];
  if (mayTypes.length > 0) {
    rules.push({
      name: `${part.name}-imports-types-only`,
      comment: `${part.name} may import only types from ${mayTypes.join(', ')}`,
      severity: 'error',
      from: { path: part.from },
      to: { path: mayTypes, pathNot: [...own(part), ...part.may], dependencyTypesNot: ['type-only'] },
    });
  }
  if (part.node !== null) {
    rules.push({
      name: `${part.name}-node-modules`,
      comment: `${part.name} may use only these built-in modules: ${part.node.join(', ') || 'none'}`,
      severity: 'error',
      from: { path: part.from },
      to: {
        dependencyTypes: ['core'],
        ...(part.node.length > 0 ? { pathNot: `^(node:)?(${part.node.join('|')})$` } : {}),
      },
    });
  }
  return rules;
});

const libraries = Object.entries(LIBRARIES).map(([library, places]) => ({
  name: `${library}-in-one-place`,
  comment: `${library} is wrapped by ${places.join(', ')}; the rest of the project sees our types`,
  severity: 'error',
  from: { path: PROJECT, pathNot: places },
  to: { path: `^node_modules/${library}/` },
}));

module.exports = {
  forbidden: [
    ...layering,
    ...libraries,
    {
      name: 'every-part-has-a-rule',
      comment: 'a file outside the table above may import nothing: add its part to PARTS',
      severity: 'error',
      from: { path: PROJECT, pathNot: PARTS.map((part) => part.from) },
      to: {},
    },
    {
      name: 'unknown-library',
      comment: 'a library of the shipped code needs an entry in LIBRARIES, saying where it is wrapped',
      severity: 'error',
      from: { path: PROJECT },
      to: { path: '^node_modules/', pathNot: Object.keys(LIBRARIES).map((library) => `^node_modules/${library}/`) },
    },
    {
      name: 'no-circular',
      comment: 'modules that need each other are one module, or miss a third; types may look back',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'a file that nothing imports and that imports nothing is dead',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^workers/', '^src/index\\.ts$', '^test/', '^benchmarks/'] },
      to: {},
    },
    {
      name: 'not-to-test',
      comment: 'shipped code and benchmarks never need a test file',
      severity: 'error',
      from: { path: '^(src|workers|benchmarks)/' },
      to: { path: '^test/' },
    },
    {
      name: 'not-to-benchmarks',
      comment: 'benchmarks are imported by tests alone',
      severity: 'error',
      from: { path: PROJECT },
      to: { path: '^benchmarks/' },
    },
    {
      name: 'not-to-workers',
      comment: 'src names the worker file once, as a URL; nothing of workers runs on the main thread',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^workers/' },
    },
    {
      name: 'not-resolvable',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(\\.\\./)+dist/' },
    },
    {
      name: 'not-to-dev-dependencies',
      comment: 'shipped code runs without devDependencies',
      severity: 'error',
      from: { path: PROJECT },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
