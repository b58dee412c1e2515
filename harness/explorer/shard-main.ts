/** A shard in a process of its own: reads its order from a file, runs lives in memory, writes its report to another. */
import { readFileSync, writeFileSync } from 'node:fs'
import { historyOf } from '../history.ts'
import { readLedger } from '../ledger.ts'
import type { Mark } from '../mark.ts'
import { parseTrace } from '../trace.ts'
import type { LifeGiven } from './asks.ts'
import { hookFaultOf } from './hook-fault.ts'
import type { ShardOrder, ShardReport } from './job.ts'
import { environmentOf, type Places } from './lives.ts'
import { exploreShard } from './shard.ts'
import { VirtualHost } from './virtual-life.ts'

/** Where lives in memory think that they are. */
const places: Places = {
  directory: '/killpoint/state',
  workload: '/killpoint/workload.json',
  ledger: '/killpoint/ledger.jsonl',
}

/** Ops of a life, as a multiple of the control's, after which it is given up. */
const runawayFactor = 50

const [, , orderPath = '', reportPath = ''] = process.argv
const asked = JSON.parse(readFileSync(orderPath, 'utf8')) as ShardOrder
const { order } = asked
const trace = parseTrace(readFileSync(order.controlLog))
if (trace === undefined) throw new Error(`no op log: ${order.controlLog}`)
const control = historyOf(readLedger(readFileSync(order.controlLedger)))
const files = new Map([[places.workload, JSON.stringify(order.workload)]])
const host = new VirtualHost(asked.bundle, places.directory, files)
const endMs = performance.now() + (asked.budgetMs ?? Infinity)
const shard = exploreShard(asked, trace, control, () => performance.now() > endMs)
const opsMax = runawayFactor * (trace.ops.length + 100)

advance()

function spent(): NonNullable<ShardReport['spent']> {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, bytesMax: process.resourceUsage().maxRSS * 1_024 }
}

function advance(given?: LifeGiven): void {
  const step = given === undefined ? shard.next() : shard.next(given)
  if (step.done === true) {
    writeFileSync(reportPath, JSON.stringify({ ...step.value, spent: spent() }))
    return
  }
  const { image, standing, faults, records } = step.value
  const environment = environmentOf(order, standing, places)
  const { life } = standing
  const told = { life, image, environment, records, faults: faults.map(hookFaultOf), opsMax }
  host.run(told, (end) => {
    const { code, signal, unsupported, trace: recorded } = end
    advance({
      marks: end.marks.map((line) => JSON.parse(line) as Mark),
      code,
      signal,
      image: end.image,
      ...(recorded === undefined ? {} : { trace: recorded }),
      ...(unsupported === undefined ? {} : { unsupported }),
    })
  })
}
