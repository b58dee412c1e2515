/** `case.json` of an artifact: all that today's checkers need to judge its history again. */
import * as v from 'valibot'
import { invariantNames, type Invariant } from '../../verdict.ts'
import type { Workload } from '../../workload.ts'

/** Name of the format. */
export const artifactSchemaName = 'killpoint-artifact'
/** Version of the format that this build reads and writes. */
export const artifactVersion = 1

const text = v.string()
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** What `case.json` holds. The claims are checked when they are used. */
export interface ArtifactCase {
  schema: typeof artifactSchemaName
  version: typeof artifactVersion
  token: string
  scenario: string
  seed: string
  path?: string
  workload: Workload
  schedule: string
  system: { name: string; claims: string[]; takeoverMsMax: number; inFlightMax?: number }
  livesMax: number
  invariants?: Invariant[]
  verdict: string
  invariant?: string
  what?: string
  killpoint: string
}

/** The same for a machine. */
export const artifactCaseSchema: v.GenericSchema<unknown, ArtifactCase> = v.object({
  schema: v.literal(artifactSchemaName),
  version: v.literal(artifactVersion),
  token: text,
  scenario: text,
  seed: text,
  path: v.exactOptional(text),
  workload: v.custom<Workload>(isWorkload, 'expected a workload'),
  schedule: text,
  system: v.object({
    name: text,
    claims: v.array(text),
    takeoverMsMax: v.number(),
    inFlightMax: v.exactOptional(count),
  }),
  livesMax: count,
  invariants: v.exactOptional(v.array(v.picklist(invariantNames))),
  verdict: text,
  invariant: v.exactOptional(text),
  what: v.exactOptional(text),
  killpoint: text,
})

/** Enough to be looked at: what cannot be run is told by the model of it. */
function isWorkload(value: unknown): boolean {
  const { root, inFlightMax } = (value ?? {}) as {
    root?: { kind?: unknown }
    inFlightMax?: unknown
  }
  return typeof root?.kind === 'string' && Number.isInteger(inFlightMax)
}
