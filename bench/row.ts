/**
 * The lines of the tables that the benches print.
 */
import os from 'node:os'
import Table from 'cli-table3'

export interface Row {
  readonly what: string
  readonly measured: string
  readonly wanted: string
  readonly holds: boolean
}

/** The table, and the machine that it comes from. */
export function tableText(rows: readonly Row[]): string {
  const table = new Table({ head: ['what', 'measured', 'wanted', ''], style: { head: [] } })
  for (const { what, measured, wanted, holds } of rows) {
    table.push([what, measured, wanted, holds ? 'holds' : 'MISSED'])
  }
  const [cpu] = os.cpus()
  const machine = `${cpu?.model ?? 'unknown processor'} x ${os.cpus().length}`
  return `${table.toString()}\nnode ${process.versions.node}, ${process.platform}, ${machine}`
}
