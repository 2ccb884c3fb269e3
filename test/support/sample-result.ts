/** Results made by hand, with numbers that agree with each other: what reports and schemas are tested with. */
import type { LatencySummary } from '../../src/report/latency-schema.js';
import type { ScenarioResultPlan } from '../../src/report/plan-schema.js';
import type {
  ErrorResult,
  IntervalResult,
  ReplyResult,
  ResultBlocks,
  RunResult,
  StepResult,
} from '../../src/report/result-schema.js';

const PERCENTILES = [
  ['p50', 50],
  ['p75', 75],
  ['p90', 90],
  ['p95', 95],
  ['p99', 99],
  ['p999', 99.9],
  ['p9999', 99.99],
] as const;

/** A skewed latency distribution around its median; empty when `count` is 0. */
function sampleLatency(count: number, medianUs = 1_000): LatencySummary {
  const empty = count === 0;
  const times = (factor: number) => (empty ? null : Math.round(medianUs * factor));
  return {
    count,
    minUs: times(0.42),
    meanUs: times(1.18),
    stdevUs: times(0.61),
    p50Us: times(1),
    p75Us: times(1.3),
    p90Us: times(1.72),
    p95Us: times(2.2),
    p99Us: times(3.91),
    p999Us: times(9.6),
    p9999Us: times(14.2),
    maxUs: times(16.4),
    weak: empty ? [] : PERCENTILES.filter(([, p]) => count < Math.round(100 / (1 - p / 100))).map(([name]) => name),
    histogram: empty ? null : 'HISTFAAAAB94nJNpmSzMwMDAxQABzFCaEUoz2X+AsQA+QAKN',
  };
}

function step(replied: number, medianUs: number, failed = 0, pipelined = 0): StepResult {
  return { sent: replied + failed, replied, failed, inFlight: 0, pipelined, latency: sampleLatency(replied, medianUs) };
}

function reply(
  stepName: ReplyResult['step'],
  code: number,
  enhanced: string | null,
  count: number,
  meaning: string,
  sample: string,
  interim = false,
): ReplyResult {
  return { step: stepName, code, enhanced, count, interim, meaning, sample, firstSeenSec: 2.004, lastSeenSec: 12.241 };
}

function error(stepName: ErrorResult['step'], kind: ErrorResult['kind'], count: number, sample: string): ErrorResult {
  return { step: stepName, kind, count, sample };
}

/** One second of the run. */
export function sampleInterval(index: number, overrides: Partial<IntervalResult> = {}): IntervalResult {
  return {
    index,
    startSec: index,
    sec: 1,
    phase: 'measured',
    attempted: 1_950,
    accepted: 1_900,
    deferred: 30,
    rejected: 18,
    failed: 2,
    sessionsCompleted: 195,
    dropped: 0,
    openSessions: 50,
    steps: {
      mail: { count: 1_950, p50Us: 2_010, p99Us: 7_860 },
      endOfData: { count: 1_900, p50Us: 9_480, p99Us: 37_100 },
    },
    replies: { '2yz': 11_200, '3yz': 1_950, '4yz': 30, '5yz': 170 },
    errors: 2,
    generator: { eventLoopLagP99Us: 1_310, gcSec: 0.05, busy: 0.61, cpuSec: 0.41 },
    ...overrides,
  };
}

/** Blocks of a phase in which nothing happened. */
export function emptyBlocks(): ResultBlocks {
  return {
    messages: {
      offered: 0,
      attempted: 0,
      accepted: 0,
      deferred: 0,
      rejected: 0,
      failed: 0,
      cut: 0,
      abandoned: 0,
      dropped: 0,
      droppedBy: { cap: 0, target: 0, end: 0, worker: 0 },
    },
    recipients: { attempted: 0, accepted: 0, deferred: 0, rejected: 0, failed: 0, cut: 0, abandoned: 0 },
    sessions: { started: 0, completed: 0, failed: 0, cut: 0, peakOpen: 0 },
    clients: { started: 0, completed: 0, failed: 0, cut: 0 },
    bytes: { sent: 0, received: 0 },
    retries: null,
    latency: {
      message: sampleLatency(0),
      session: sampleLatency(0),
      refused: sampleLatency(0),
      unfinished: sampleLatency(0),
      timeToSuccess: null,
      service: null,
      response: null,
      wait: null,
      lag: null,
    },
    steps: {},
    replies: [],
    errors: [],
    tls: null,
    unexpected: [],
  };
}

/** The blocks of a run of 20,000 messages of 3 recipients against a Postfix that refuses some of them. */
function busyBlocks(): ResultBlocks {
  return {
    messages: {
      offered: 20_000,
      attempted: 20_000,
      accepted: 19_488,
      deferred: 300,
      rejected: 180,
      failed: 32,
      cut: 0,
      abandoned: 0,
      dropped: 0,
      droppedBy: { cap: 0, target: 0, end: 0, worker: 0 },
    },
    recipients: {
      attempted: 60_000,
      accepted: 58_404,
      deferred: 900,
      rejected: 600,
      failed: 96,
      cut: 0,
      abandoned: 0,
    },
    sessions: { started: 2_332, completed: 2_000, failed: 332, cut: 0, peakOpen: 50 },
    clients: { started: 2_000, completed: 2_000, failed: 0, cut: 0 },
    bytes: { sent: 25_418_220, received: 6_112_904 },
    retries: null,
    latency: {
      ...emptyBlocks().latency,
      message: sampleLatency(19_488, 11_600),
      session: sampleLatency(2_332, 131_000),
      refused: sampleLatency(480, 2_240),
      unfinished: sampleLatency(32, 1_840_000),
    },
    steps: {
      connect: step(2_330, 184, 2),
      tls: step(2_330, 3_410),
      greeting: step(2_330, 912),
      ehlo: step(4_660, 431),
      starttls: step(2_330, 402),
      auth: step(2_330, 5_230),
      mail: step(19_998, 2_010),
      rcpt: step(59_994, 2_080, 0, 59_994),
      data: step(19_998, 2_090, 0, 19_998),
      transfer: step(19_518, 18),
      endOfData: step(19_488, 9_480, 30),
      rset: step(180, 398),
      quit: step(2_300, 377),
    },
    replies: [
      reply('greeting', 220, null, 2_330, 'server ready', 'mx.example.test ESMTP Postfix'),
      reply('ehlo', 250, null, 4_660, 'completed', 'mx.example.test'),
      reply('starttls', 220, '2.0.0', 2_330, 'server ready', 'Ready to start TLS'),
      reply('auth', 334, null, 4_660, 'authentication goes on', 'VXNlcm5hbWU6', true),
      reply('auth', 235, '2.7.0', 2_330, 'authentication succeeded', 'Authentication successful'),
      reply('mail', 250, '2.1.0', 19_698, 'completed', 'Ok'),
      reply(
        'mail',
        452,
        '4.3.1',
        300,
        'server out of storage, try again: mail system full',
        'Insufficient system storage',
      ),
      reply('rcpt', 250, '2.1.5', 58_494, 'completed', 'Ok'),
      reply('rcpt', 503, '5.5.1', 900, 'bad sequence of commands: invalid command', 'Error: need MAIL command'),
      reply(
        'rcpt',
        550,
        '5.1.1',
        600,
        'mailbox not found or no access: no such mailbox',
        '<user417@example.test>: Recipient address rejected: User unknown in virtual mailbox table',
      ),
      reply('data', 354, null, 19_518, 'send the message', 'End data with <CR><LF>.<CR><LF>'),
      reply('data', 503, '5.5.1', 300, 'bad sequence of commands: invalid command', 'Error: need RCPT command'),
      reply('data', 554, '5.5.1', 180, 'transaction failed: invalid command', 'Error: no valid recipients'),
      reply('endOfData', 250, '2.0.0', 19_488, 'completed', 'Ok: queued as 4dNq2V3Zl7z1fVb'),
      reply('rset', 250, '2.0.0', 180, 'completed', 'Ok'),
      reply('quit', 221, '2.0.0', 2_300, 'server ends the conversation', 'Bye'),
    ],
    unexpected: [
      {
        step: 'rcpt',
        code: 450,
        enhanced: '4.2.0',
        expected: '2yz 550, 5.1.x',
        count: 900,
        sample: 'Recipient address rejected: Greylisted, see http://postgrey.example.test/help',
      },
    ],
    errors: [
      error('connect', 'refused', 2, 'connect ECONNREFUSED 127.0.0.1:2525'),
      error('endOfData', 'closed', 18, 'closed after 2.1 s'),
      error('endOfData', 'timeout', 12, 'no reply within 60 s'),
    ],
    tls: {
      handshakes: 2_330,
      resumed: 0,
      rows: [{ protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519', resumed: false, count: 2_330 }],
    },
  };
}

function warmupBlocks(): ResultBlocks {
  const blocks = emptyBlocks();
  return {
    ...blocks,
    messages: { ...blocks.messages, offered: 3_214, attempted: 3_214, accepted: 3_214 },
    latency: { ...blocks.latency, message: sampleLatency(3_214, 14_900) },
  };
}

/** Its server. */
function sampleTarget(): RunResult['target'] {
  return {
    url: 'smtp://mx.example.test:2525',
    host: 'mx.example.test',
    port: 2525,
    address: '127.0.0.1',
    family: 4,
    greeting: 'mx.example.test ESMTP Postfix',
    keywords: ['PIPELINING', 'SIZE 10240000', 'ETRN', 'STARTTLS', 'ENHANCEDSTATUSCODES', '8BITMIME', 'DSN', 'CHUNKING'],
    keywordsAfterTls: [
      'PIPELINING',
      'SIZE 10240000',
      'ETRN',
      'AUTH PLAIN LOGIN',
      'ENHANCEDSTATUSCODES',
      '8BITMIME',
      'DSN',
      'CHUNKING',
    ],
    tls: {
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      subject: 'CN=mx.example.test',
      issuer: 'CN=Lab CA',
      validTo: 'Dec 24 10:00:00 2027 GMT',
    },
    authMechanism: 'LOGIN',
    builtInSink: null,
  };
}

/** What the clients of that run did. */
function sampleScenario(overrides: Partial<ScenarioResultPlan> = {}): ScenarioResultPlan {
  return {
    name: 'default',
    weight: 1,
    session: { steps: null },
    extensions: { isChunked: false, chunkBytes: null },
    messagesPerSession: 10,
    recipients: 3,
    pipelining: 'auto',
    localAddresses: [],
    proxy: null,
    message: { sizeBytes: 1_024, content: null, subject: 'postrush %d' },
    tls: { mode: 'required', verify: true, serverName: null, caPem: null, sharePercent: 100 },
    auth: { mechanism: 'login', user: 'load', accounts: null, wrongPercent: 0 },
    from: 'sender@example.test',
    to: 'user%d@example.test',
    ...overrides,
  };
}

/** The plan of that run with other clients. */
export function planWith(overrides: Partial<ScenarioResultPlan>): RunResult['plan'] {
  return { ...sampleResult().plan, scenarios: [sampleScenario(overrides)] };
}

/** The whole result of that run. `overrides` replace whole fields. */
export function sampleResult(overrides: Partial<RunResult> = {}): RunResult {
  const rates = [1_412, 1_803, 1_960, 2_004, 1_988, 2_011, 1_240, 1_690, 1_999, 2_015, 1_366];
  return {
    schema: 'postrush.result/1',
    verdict: 'pass',
    reasons: [],
    complete: true,
    endedBy: 'plan',
    tool: { name: 'postrush', version: '0.1.0' },
    environment: {
      node: 'v20.20.0',
      v8: '11.3.244.8-node.30',
      uv: '1.46.0',
      openssl: '3.0.15',
      platform: 'linux',
      kernel: '6.1.0',
      arch: 'x64',
      cpuModel: 'Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz',
      cores: 4,
      cpuLimit: null,
      memoryBytes: 16 * 1024 ** 3,
      openFilesLimit: 1_048_576,
      localPorts: 28_232,
    },
    target: sampleTarget(),
    targets: [overrides.target ?? sampleTarget()],
    plan: {
      targets: [{ url: 'smtp://mx.example.test:2525', weight: 1 }],
      scenarios: [sampleScenario()],
      sessions: 50,
      workers: 4,
      durationMs: null,
      messages: 20_000,
      connections: null,
      arrivals: null,
      warmupMs: 2_000,
      seed: 1,
    },
    preflight: { connections: 1, commands: 6 },
    window: {
      startedAt: '2026-11-23T20:23:19.120Z',
      measuredSec: 10.7,
      warmupSec: 2,
      warmupEnd: null,
      drainSec: 0.312,
    },
    arrivals: null,
    ...busyBlocks(),
    throughput: {
      offeredPerSec: null,
      attemptedPerSec: 1_869.2,
      acceptedPerSec: 1_821.3,
      recipientsPerSec: 5_458.3,
      sessionsPerSec: 194.8,
      bytesPerSec: 2_375_535,
    },
    confidence: null,
    scenarios: [],
    mailHosts: [],
    intervals: [
      sampleInterval(0, { phase: 'warmup', accepted: 1_304 }),
      sampleInterval(1, { phase: 'warmup', accepted: 1_910 }),
      ...rates.map((accepted, index) => sampleInterval(index + 2, { accepted, ...(index === 10 ? { sec: 0.7 } : {}) })),
    ],
    generator: {
      workers: [0.61, 0.598, 0.604, 0.587].map((busy, workerId) => ({
        workerId,
        busy,
        cpuSec: 1.02 + workerId / 100,
        eventLoopLagP99Us: 1_310 + workerId * 40,
        gcSec: 0.05,
        lost: false,
        sessions: 583,
      })),
      eventLoopLag: sampleLatency(4_096, 340),
      busy: 0.61,
      cpuSec: 4.14,
      cpuUsPerMessage: 207,
      startupSec: 0.41,
      fileLimitHits: 0,
      portLimitHits: 0,
      gc: { count: 212, sec: 0.31, longestUs: 4_210 },
      sendStalls: { count: 0, sec: 0 },
      files: { peakOpen: 131, limit: 1_048_576 },
      ports: samplePorts(),
      functions: null,
      ceiling: null,
      gates: [
        { name: 'eventLoopLag.p99', value: 1_329, bound: 100_000, unit: 'us', ok: true },
        { name: 'utilisation', value: 0.61, bound: 0.95, unit: 'share', ok: true },
        { name: 'fileLimit', value: 0, bound: 0, unit: 'count', ok: true },
        { name: 'portLimit', value: 0, bound: 0, unit: 'count', ok: true },
        { name: 'workersLost', value: 0, bound: 0, unit: 'count', ok: true },
      ],
    },
    objectives: [],
    books: {
      balanced: true,
      checks: [
        { name: 'offered = attempted + dropped', left: 20_000, right: 20_000, ok: true },
        { name: 'attempted messages have an outcome', left: 20_000, right: 20_000, ok: true },
        { name: 'attempted recipients have an outcome', left: 60_000, right: 60_000, ok: true },
      ],
    },
    warmup: warmupBlocks(),
    ...overrides,
  };
}

/** A run against the built-in sink, as a newcomer sees it: no TLS, no refusals, no warm-up. */
export function sinkResult(): RunResult {
  const blocks = emptyBlocks();
  const messages = 81_960;
  const sample = sampleResult();
  return sampleResult({
    ...blocks,
    messages: { ...blocks.messages, offered: messages, attempted: messages, accepted: messages },
    recipients: { ...blocks.recipients, attempted: messages, accepted: messages },
    sessions: { ...blocks.sessions, started: messages, completed: messages, peakOpen: 20 },
    clients: { ...blocks.clients, started: messages, completed: messages },
    bytes: { sent: 104_498_760, received: 22_949_360 },
    latency: { ...blocks.latency, message: sampleLatency(messages, 6_480), session: sampleLatency(messages, 10_900) },
    steps: {
      connect: step(messages, 142),
      greeting: step(messages, 2_180),
      ehlo: step(messages, 2_120),
      mail: step(messages, 2_140),
      rcpt: step(messages, 2_150, 0, messages),
      data: step(messages, 2_150, 0, messages),
      transfer: step(messages, 12),
      endOfData: step(messages, 2_190),
      quit: step(messages, 2_110, 0, messages),
    },
    replies: [
      reply('greeting', 220, null, messages, 'server ready', 'sink.test ESMTP postrush sink'),
      reply('ehlo', 250, null, messages, 'completed', 'sink.test'),
      reply('mail', 250, '2.1.0', messages, 'completed', 'Ok'),
      reply('rcpt', 250, '2.1.5', messages, 'completed', 'Ok'),
      reply('data', 354, null, messages, 'send the message', 'End with <CRLF>.<CRLF>'),
      reply('endOfData', 250, '2.0.0', messages, 'completed', 'Ok'),
      reply('quit', 221, '2.0.0', messages, 'server ends the conversation', 'Bye'),
    ],
    target: {
      ...sample.target,
      url: 'smtp://127.0.0.1:40211',
      host: '127.0.0.1',
      port: 40_211,
      greeting: 'sink.test ESMTP postrush sink',
      keywords: ['PIPELINING', 'SIZE 104857600', '8BITMIME', 'ENHANCEDSTATUSCODES'],
      keywordsAfterTls: null,
      tls: null,
      authMechanism: null,
      builtInSink: { replyDelayMs: 2 },
    },
    plan: {
      ...sample.plan,
      targets: [{ url: 'smtp://127.0.0.1:40211', weight: 1 }],
      scenarios: [
        sampleScenario({
          messagesPerSession: 1,
          recipients: 1,
          auth: null,
          tls: { mode: 'off', verify: true, sharePercent: 100 },
        }),
      ],
      sessions: 20,
      durationMs: 10_000,
      messages: null,
      connections: null,
      warmupMs: 0,
    },
    window: { ...sample.window, measuredSec: 10, warmupSec: 0, drainSec: 0.011 },
    throughput: {
      offeredPerSec: null,
      attemptedPerSec: 8_196,
      acceptedPerSec: 8_195.2,
      recipientsPerSec: 8_195.2,
      sessionsPerSec: 0,
      bytesPerSec: 10_449_876,
    },
    intervals: [7_604, 8_211, 8_290, 8_265, 8_256, 8_290, 8_244, 8_266, 8_270, 8_264].map((accepted, index) =>
      sampleInterval(index, { accepted, attempted: accepted, deferred: 0, rejected: 0, failed: 0, errors: 0 }),
    ),
    warmup: null,
  });
}

/** A run cut within its first second, before anything was attempted. */
export function nothingResult(): RunResult {
  const sample = sampleResult();
  return sampleResult({
    ...emptyBlocks(),
    endedBy: 'secondSignal',
    target: { ...sample.target, greeting: null, keywords: [], keywordsAfterTls: null, tls: null },
    window: { ...sample.window, measuredSec: 0, warmupSec: 0, drainSec: 0 },
    throughput: {
      offeredPerSec: null,
      attemptedPerSec: 0,
      acceptedPerSec: 0,
      recipientsPerSec: 0,
      sessionsPerSec: 0,
      bytesPerSec: 0,
    },
    intervals: [],
    generator: {
      workers: [{ workerId: 0, busy: 0, cpuSec: null, eventLoopLagP99Us: null, gcSec: 0.05, lost: false, sessions: 0 }],
      eventLoopLag: sampleLatency(0),
      busy: 0,
      cpuSec: null,
      cpuUsPerMessage: null,
      startupSec: 0.4,
      fileLimitHits: 0,
      portLimitHits: 0,
      gc: { count: 0, sec: 0, longestUs: 0 },
      sendStalls: { count: 0, sec: 0 },
      files: { peakOpen: 131, limit: 1_048_576 },
      ports: samplePorts(),
      functions: null,
      ceiling: null,
      gates: [{ name: 'eventLoopLag.p99', value: null, bound: 100_000, unit: 'us', ok: true }],
    },
    books: { balanced: true, checks: [] },
    warmup: emptyBlocks(),
  });
}

function samplePorts(): NonNullable<RunResult['generator']['ports']> {
  return {
    available: 28_232,
    addressPairs: 1,
    atOnce: 50,
    plannedConnectsPerSec: null,
    timeWaitBefore: 2,
    timeWaitPeak: 1_305,
  };
}
