/**
 * Spares the workers' starts the compiler: V8's code cache of the bundle, made once per campaign.
 *
 * A loader of a few lines compiles the bundle with the cache beside it and runs it as Node would run the file itself. The cache
 * is made by a rehearsal, one life of a tiny run in a directory of its own, so that it also holds the functions that a life
 * calls. Whatever comes of the rehearsal, a cache that is missing or that this Node does not take costs time and nothing else.
 */
import { mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import type { System } from '../system.ts'
import type { Workload } from '../workload.ts'
import { baseEnvironment, lifeEnvironment } from './environment.ts'
import { removeTree } from './scratch.ts'

/** Where the loader writes the cache at the end of its process; set for the rehearsal only. */
const cacheOutVariable = 'KILLPOINT_CODE_CACHE_OUT'

/** A rehearsal that takes longer is ended, and there is no cache. */
const rehearsalMs = 3_000

/** Makes a loader for a CommonJS bundle, and its cache. Returns the loader's path: it is run in place of the bundle. */
export async function withCodeCache(
  bundle: string,
  system: System,
  node: string,
  nodeArguments: readonly string[],
): Promise<string> {
  const loader = join(dirname(bundle), 'start.cjs')
  writeFileSync(loader, loaderText(bundle, cachePath(bundle)))
  // Services would see the rehearsal; without them it leaves no trace.
  if ((system.services ?? []).length === 0)
    await rehearse(bundle, loader, system, node, nodeArguments)
  return loader
}

function cachePath(bundle: string): string {
  return `${bundle}.cache`
}

function loaderText(bundle: string, cache: string): string {
  return `'use strict'
const fs = require('node:fs')
const vm = require('node:vm')
const file = ${JSON.stringify(bundle)}
let cachedData
try { cachedData = fs.readFileSync(${JSON.stringify(cache)}) } catch {}
const script = new vm.Script('(function (exports, require, module, __filename, __dirname) {\\n' + fs.readFileSync(file, 'latin1') + '\\n})', {
  filename: file,
  lineOffset: -1,
  cachedData,
})
const out = process.env.${cacheOutVariable}
if (out !== undefined) process.on('exit', () => fs.writeFileSync(out, script.createCachedData()))
script.runInThisContext().call(module.exports, module.exports, require, module, file, ${JSON.stringify(dirname(bundle))})
`
}

const rehearsal: Workload = {
  root: {
    kind: 'sequence',
    of: [
      { kind: 'step', id: 'one', effect: 'keyed' },
      { kind: 'step', id: 'two', effect: 'keyed' },
    ],
  },
  inFlightMax: 1,
}

async function rehearse(
  bundle: string,
  loader: string,
  system: System,
  node: string,
  nodeArguments: readonly string[],
): Promise<void> {
  const root = join(dirname(bundle), 'rehearsal')
  const state = join(root, 'state')
  mkdirSync(state, { recursive: true })
  const workload = join(root, 'workload.json')
  writeFileSync(workload, JSON.stringify(rehearsal))
  const ledger = openSync(join(root, 'ledger.jsonl'), 'a')
  try {
    await execa(node, [...nodeArguments, loader], {
      cwd: root,
      env: {
        ...environmentOf(system, root, state, workload),
        [cacheOutVariable]: cachePath(bundle),
      },
      extendEnv: false,
      stdio: ['ignore', 'ignore', 'ignore', ledger as 9],
      timeout: rehearsalMs,
      killSignal: 'SIGKILL',
      reject: false,
    })
  } finally {
    closeSync(ledger)
    removeTree(root)
  }
}

function environmentOf(
  system: System,
  root: string,
  directory: string,
  workload: string,
): Record<string, string> {
  const told = {
    verb: 'run',
    runId: 'rehearsal',
    seed: '0',
    workload,
    ledger: join(root, 'ledger.jsonl'),
    directory,
    clockMs: 0,
    takeover: 'if-dead',
    life: 1,
    identity: JSON.stringify({ host: 'killpoint', boot: '0', bootId: '0', alive: [] }),
    lane: 'plain',
    order: 'serial',
    faults: '',
    stream: '1',
  } as const
  return lifeEnvironment({ ...baseEnvironment(system), TMPDIR: root }, told, 'rehearsal')
}
