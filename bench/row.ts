/**
 * The lines of the tables that the benches print, and the way in which `npm run bench` gathers them for the docs.
 */
import fs from 'node:fs'
import os from 'node:os'
import Table from 'cli-table3'

export interface Row {
  readonly what: string
  readonly measured: string
  /** What it has to reach; empty where a number is only told. */
  readonly wanted: string
  readonly holds: boolean
}

/** Prints the table, and leaves the rows where `KILLPOINT_BENCH_ROWS` says. */
export function reportRows(rows: readonly Row[]): void {
  const table = new Table({
    head: ['what', 'measured', 'wanted', ''],
    style: { head: [], border: [] },
  })
  for (const row of rows) table.push([row.what, row.measured, row.wanted, verdictOf(row)])
  console.log(`${table.toString()}\n${machineText()}`)
  const gathered = process.env['KILLPOINT_BENCH_ROWS']
  if (gathered !== undefined)
    fs.appendFileSync(gathered, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** `holds`, `MISSED`, or nothing where nothing is wanted. */
export function verdictOf({ wanted, holds }: Row): string {
  if (wanted === '') return ''
  return holds ? 'holds' : 'MISSED'
}

/** The machine, the Node version and the load: without them no number means anything. */
export function machineText(): string {
  const [cpu] = os.cpus()
  const machine = `${cpu?.model.trim() ?? 'unknown processor'} x ${os.cpus().length}`
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`
  return `node ${process.versions.node}, ${os.type()} ${os.release().split('-')[0]} ${os.arch()}, ${machine}, ${memory}, load ${os.loadavg()[0]?.toFixed(1)}`
}
