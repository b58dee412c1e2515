/** What is tested here, and where each claim was found. */
import { fileURLToPath } from 'node:url'
import type { Claim, RuntimeSystem } from 'killpoint'
import { postgresFor } from './postgres.ts'
import { restateServer } from './restate/server.ts'

/** A runtime of somebody else's. */
export interface Described {
  readonly system: RuntimeSystem
  /** Where its worker and its dependencies are. */
  readonly folder: string
  /** The package whose version is told. */
  readonly engine: string
  /** What it keeps its state in. */
  readonly store: string
  readonly documentation: string
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

function runtime(
  name: string,
  claims: readonly Claim[],
  more: Partial<RuntimeSystem> = {},
  modules: Readonly<Record<string, string>> = {},
  folder: string = name,
  external: readonly string[] = [],
): RuntimeSystem {
  return {
    kind: 'runtime',
    name,
    claims,
    takeoverMsMax: 5000,
    program: {
      kind: 'script',
      entry: path(`${folder}/worker.ts`),
      modules: { 'killpoint/worker': path('../../harness/worker.ts'), ...modules },
      external,
    },
    ...more,
  }
}

export const systems: readonly Described[] = [
  {
    folder: 'vercel-workflow',
    engine: '@workflow/core',
    store: '`@workflow/world-local`, a JSON file for each entity and each event',
    documentation: 'https://useworkflow.dev/docs/foundations/workflows-and-steps',
    system: runtime(
      'vercel-workflow',
      ['process', 'takeover', 'keyed', 'retry', 'parallel', 'loop', 'terminal'],
      { environment: { WORKFLOW_CODE: path('vercel-workflow/workflow.js') }, takeoverMsMax: 0 },
      { '@workflow/world-vercel': path('vercel-workflow/no-vercel.js') },
    ),
  },
  {
    folder: 'vercel-workflow',
    engine: '@workflow/core',
    store: '`@workflow/world-postgres`, with its queue on `graphile-worker`',
    documentation: 'https://useworkflow.dev/docs/foundations/workflows-and-steps',
    system: runtime(
      'vercel-workflow-postgres',
      ['process', 'takeover', 'keyed', 'retry', 'loop', 'terminal', 'wire'],
      {
        environment: { WORKFLOW_CODE: path('vercel-workflow/workflow.js') },
        services: [
          postgresFor('vercel-workflow', ['node_modules/@workflow/world-postgres/bin/setup.js']),
        ],
        unseenStore: true,
      },
      { '@workflow/world-vercel': path('vercel-workflow/no-vercel.js') },
      'vercel-workflow',
      ['graphile-worker'],
    ),
  },
  ...(['sync', 'exit'] as const).map((durability): Described => ({
    folder: 'langgraph',
    engine: '@langchain/langgraph',
    store: `\`@langchain/langgraph-checkpoint-sqlite\` over libsql, durability \`${durability}\``,
    documentation: 'https://docs.langchain.com/oss/javascript/langgraph/durable-execution',
    system: runtime(
      `langgraph-${durability}`,
      ['process', 'takeover', 'keyed', 'loop', 'terminal'],
      { environment: { LANGGRAPH_DURABILITY: durability }, unseenStore: true },
      {},
      'langgraph',
    ),
  })),
  ...(['postgres', 'next'] as const).map((variant): Described => ({
    folder: 'langgraph',
    engine: '@langchain/langgraph',
    store: `\`@langchain/langgraph-checkpoint-postgres\`, durability \`sync\`${variant === 'next' ? ', asked by `next` whether a thread is over' : ''}`,
    documentation: 'https://docs.langchain.com/oss/javascript/langgraph/durable-execution',
    system: runtime(
      `langgraph-${variant}`,
      ['process', 'takeover', 'keyed', 'loop', 'terminal', 'wire'],
      {
        environment: variant === 'next' ? { LANGGRAPH_OVER: 'next' } : {},
        services: [postgresFor('langgraph', ['setup-postgres.js'])],
        unseenStore: true,
      },
      {},
      'langgraph',
    ),
  })),
  {
    folder: 'durably',
    engine: '@coji/durably',
    store: 'SQLite (libsql), a lease of 1 s',
    documentation: 'https://coji.github.io/durably/',
    system: runtime('durably', ['process', 'takeover', 'keyed', 'loop', 'terminal'], {
      unseenStore: true,
    }),
  },
  {
    folder: 'dbos',
    engine: '@dbos-inc/dbos-sdk',
    store: 'PostgreSQL',
    documentation: 'https://docs.dbos.dev/architecture',
    system: runtime(
      'dbos',
      ['process', 'takeover', 'keyed', 'loop', 'terminal', 'wire'],
      {
        services: [postgresFor('dbos', ['node_modules/.bin/dbos', 'schema', 'URL'])],
        unseenStore: true,
      },
      {},
      'dbos',
      // Asks for packages that are not there, and does without them.
      ['@dbos-inc/dbos-sdk'],
    ),
  },
  {
    folder: 'aws-durable-execution',
    engine: '@aws/durable-execution-sdk-js',
    store: "killpoint's file journal, behind the SDK's client",
    documentation: 'https://docs.aws.amazon.com/durable-execution/',
    system: runtime(
      'aws-durable-execution',
      [
        'process',
        'power',
        'fencing',
        'takeover',
        'guarded',
        'journal',
        'keyed',
        'once',
        'retry',
        'parallel',
        'loop',
        'child',
        'terminal',
        'mismatch',
        'clock',
        'identity',
        'serial',
      ],
      { takeoverMsMax: 0 },
      {
        '@aws-sdk/client-lambda': path('aws-durable-execution/no-lambda.js'),
        'killpoint/journal': path('../../src/journal-entry.ts'),
        'killpoint:identity': path('../../harness/systems/reference/identity.ts'),
      },
    ),
  },
  {
    folder: 'restate',
    engine: '@restatedev/restate-server',
    store: 'its own server (RocksDB), one node',
    documentation: 'https://docs.restate.dev/',
    system: runtime('restate', ['process', 'server', 'takeover', 'keyed', 'loop', 'terminal'], {
      services: [restateServer(path('restate/package.json'))],
      unseenStore: true,
    }),
  },
]
