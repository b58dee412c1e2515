/** How fast a runtime commits steps and takes a run over, against a bare append with a data sync in the same directory. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { RunningService, RuntimeSystem } from 'killpoint'

/** Per second, and milliseconds. */
export interface Rates {
  readonly steps: number
  readonly appends: number
  /** From the start of the life that follows a kill until a step begins in it, the start of Node included. */
  readonly takeoverMs: number
}

/** Measures one after the other. Throws where a life does not end well. */
export async function rates(system: RuntimeSystem): Promise<Rates> {
  const worker = join(system.program.entry, '..', '.rate.mjs')
  await build({
    entryPoints: [system.program.entry],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias: { ...system.program.modules },
  })
  try {
    return {
      steps: await stepsPerSecond(system, worker, 20, 120),
      appends: 200 / (await inPlace(undefined, ({ directory }) => appending(directory, 200))),
      takeoverMs: await takeover(system, worker),
    }
  } finally {
    fs.rmSync(worker)
  }
}

/** Steps in a second, in a run of so many: from the beginning of the step behind `first` until the run is done. */
async function stepsPerSecond(
  system: RuntimeSystem,
  worker: string,
  first: number,
  all: number,
): Promise<number> {
  return await inPlace(system, async (place) => {
    const times = await timesOf(system, worker, environment(system, place, all, 1))
    const from = times.effects[first]
    if (from === undefined || times.done === undefined)
      throw new Error(`${system.name}: ${times.effects.length} of ${all} steps began`)
    return ((all - first) * 1e9) / Number(times.done - from)
  })
}

/** When the steps of a life began, and when it was done: nanoseconds. */
interface Times {
  readonly effects: bigint[]
  done: bigint | undefined
}

/** Runs a life to its end. */
function timesOf({ name }: RuntimeSystem, worker: string, env: NodeJS.ProcessEnv): Promise<Times> {
  return new Promise((resolve, reject) => {
    const life = spawn(process.execPath, [worker], {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    })
    const times: Times = { effects: [], done: undefined }
    let said = ''
    let ledger = ''
    life.stderr?.on('data', (data: Buffer) => (said += data.toString()))
    life.stdio[3]?.on('data', (data: Buffer) => {
      const lines = (ledger + data.toString()).split('\n')
      ledger = lines.pop() ?? ''
      const now = process.hrtime.bigint()
      for (const line of lines) {
        if (line.includes('"mark":"effect"')) times.effects.push(now)
        if (line.includes('"mark":"done"')) times.done = now
      }
    })
    life.once('error', reject)
    life.once('close', (code, signal) => {
      if (code === 0) resolve(times)
      else reject(new Error(`${name}: ended with ${code ?? signal}\n${said}`))
    })
  })
}

/** Takeovers that are tried: the first life dies wherever it is by then, and of some systems nobody can take a run over that died there. */
const takeoversMax = 5
const takeoverMsMax = 60_000

async function takeover(system: RuntimeSystem, worker: string): Promise<number> {
  for (let tries = 1; tries <= takeoversMax; tries += 1) {
    const took = await inPlace(system, async (place) => {
      await untilEffect(worker, environment(system, place, 20, 1), 5)
      return await untilEffect(worker, environment(system, place, 20, 2), 1)
    })
    if (took < takeoverMsMax) return took
  }
  throw new Error(`${system.name}: nobody took the run over in ${takeoversMax} tries`)
}

/**
 * Starts a life and kills it when so many of its steps have begun, or it has had long enough; resolves with its milliseconds until then.
 */
function untilEffect(worker: string, env: NodeJS.ProcessEnv, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = process.hrtime.bigint()
    const life = spawn(process.execPath, [worker], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    let ledger = ''
    let took: number | undefined
    const tooLong = setTimeout(() => {
      took = Infinity
      life.kill('SIGKILL')
    }, takeoverMsMax)
    life.stdio[3]?.on('data', (data: Buffer) => {
      ledger += data.toString()
      if (took !== undefined || ledger.split('"mark":"effect"').length <= count) return
      took = Number(process.hrtime.bigint() - from) / 1e6
      life.kill('SIGKILL')
    })
    life.once('error', reject)
    life.once('close', () => {
      clearTimeout(tooLong)
      if (took === undefined) reject(new Error(`a life ended before ${count} of its steps began`))
      else resolve(took)
    })
  })
}

function environment(
  system: RuntimeSystem,
  { directory, told }: Place,
  steps: number,
  life: number,
): NodeJS.ProcessEnv {
  const of = Array.from({ length: steps }, (_, index) => ({
    kind: 'step',
    id: `s${index}`,
    effect: 'keyed',
  }))
  const workload = join(directory, 'workload.json')
  fs.writeFileSync(workload, JSON.stringify({ root: { kind: 'sequence', of }, inFlightMax: 1 }))
  const state = join(directory, 'state')
  fs.mkdirSync(state, { recursive: true })
  const own = variables(state, workload, life)
  return { ...process.env, ...system.environment, ...told, ...own }
}

function variables(
  state: string,
  workload: string,
  life: number,
): Readonly<Record<string, string>> {
  return {
    KILLPOINT_VERB: 'run',
    KILLPOINT_RUN_ID: 'rate',
    KILLPOINT_SEED: 'rate',
    KILLPOINT_DIR: state,
    KILLPOINT_WORKLOAD: workload,
    KILLPOINT_LIFE: String(life),
    KILLPOINT_CLOCK_MS: '1790000000000',
    KILLPOINT_TAKEOVER: 'always',
  }
}

function appending(directory: string, count: number): number {
  const file = fs.openSync(join(directory, 'bare'), 'a')
  const from = process.hrtime.bigint()
  for (let each = 0; each < count; each += 1) {
    fs.writeSync(file, 'x'.repeat(200))
    fs.fdatasyncSync(file)
  }
  fs.closeSync(file)
  return Number(process.hrtime.bigint() - from) / 1e9
}

/** A fresh directory, and what its services tell the lives in it. */
interface Place {
  readonly directory: string
  readonly told: Readonly<Record<string, string>>
}

/** With services of its own, whatever their scope: each run here has the same id. */
async function inPlace<Value>(
  system: RuntimeSystem | undefined,
  use: (place: Place) => Value | Promise<Value>,
): Promise<Value> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'killpoint-systems-'))
  const running: RunningService[] = []
  try {
    for (const service of system?.services ?? []) running.push(await service.start(directory))
    const told = Object.assign({}, ...running.map(({ environment: each }) => each)) as Place['told']
    return await use({ directory, told })
  } finally {
    for (const service of running) await service.stop()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
