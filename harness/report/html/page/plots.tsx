/** What it costs to come back, and to commit, against the length of the journal. */
import type { JSX } from 'preact'
import { number, type Payload } from './data.ts'
import { Plot, type Series } from './plot.tsx'
import { recoveryGroups, spreadText, type Recovery } from './recovery-groups.ts'
import { Section, Table } from './tables.tsx'

type Cost = NonNullable<Payload['costs']>[number]

/** The section. */
export function Costs({ payload }: { readonly payload: Payload }): JSX.Element {
  const { costs = [], recoveries = [] } = payload
  return (
    <Section id="costs" title="Cost against journal length">
      {costs.length + recoveries.length === 0 ? (
        <p class="empty">Not measured: no life of this result came back to anything.</p>
      ) : null}
      {recoveries.length === 0 ? null : <Recoveries recoveries={recoveries} />}
      {costs.length === 0 ? null : <Commits costs={costs} />}
    </Section>
  )
}

const found = 'bytes that the life found'

function Recoveries({ recoveries }: { readonly recoveries: readonly Recovery[] }): JSX.Element {
  const plots = [
    {
      title: 'Bytes read until it was back (explorer)',
      series: seriesOf(recoveries, ({ cost }) => cost?.readBytes),
    },
    {
      title: 'Bytes written until it was back (explorer)',
      series: seriesOf(recoveries, ({ cost }) => cost?.writtenBytes),
    },
    {
      title: 'Milliseconds until it was back (live engine)',
      isLinear: true,
      series: seriesOf(recoveries, ({ ms }) => ms),
    },
  ].filter(({ series }) => series.length > 0)
  return (
    <>
      <p class="lead">
        Lives that came back to something, up to their first <code>recovered</code>: a sample by the
        seed, at most 12 of each system, engine and power of two of bytes. Bytes, ops and syncs are
        counted by the explorer, in memory; milliseconds are of the live engine, of real processes
        with their start. Lengths and bytes stand on logarithmic axes: what grows in proportion is a
        diagonal, what does not grow is flat. Nothing here is judged.
      </p>
      <div class="plots">
        {plots.map((plot) => (
          <Plot {...plot} against={found} />
        ))}
      </div>
      <Table
        caption="Recoveries by system, engine and bytes found: the median, the least and the most"
        head={[
          'system',
          'engine',
          'bytes found',
          'lives',
          'records',
          'bytes read',
          'bytes written',
          'ops',
          'syncs',
          'ms',
        ]}
        numbers={[2, 3, 4, 5, 6, 7, 8, 9]}
        rows={recoveryGroups(recoveries).map(({ system, engine, from, to, lives }) => [
          system,
          engine,
          `${number(from)}–${number(to)}`,
          number(lives.length),
          spreadText(lives, ({ records }) => records),
          spreadText(lives, ({ cost }) => cost?.readBytes),
          spreadText(lives, ({ cost }) => cost?.writtenBytes),
          spreadText(lives, ({ cost }) => cost?.ops),
          spreadText(lives, ({ cost }) => cost?.syncs),
          spreadText(lives, ({ ms }) => ms),
        ])}
      />
    </>
  )
}

/** By system; what is nothing has no place on a logarithmic axis and stands at 1. */
function seriesOf(
  recoveries: readonly Recovery[],
  of: (recovery: Recovery) => number | undefined,
): readonly Series[] {
  const systems = [...new Set(recoveries.map(({ system }) => system))]
  return systems
    .map((label) => ({
      label,
      points: recoveries.flatMap((each): readonly (readonly [number, number])[] => {
        const value = each.system === label ? of(each) : undefined
        return value === undefined ? [] : [[each.bytes, Math.max(1, value)]]
      }),
    }))
    .filter(({ points }) => points.length > 0)
}

function Commits({ costs }: { readonly costs: readonly Cost[] }): JSX.Element {
  const systems = [...new Set(costs.map(({ system }) => system))]
  const series = systems.map((label) => ({
    label,
    points: costs
      .filter(({ system }) => system === label)
      .map(({ records, bytesPerRecord }) => [records, Math.max(1, bytesPerRecord)] as const),
  }))
  return (
    <>
      <div class="plots">
        <Plot title="Bytes written a record" against="records in the journal" series={series} />
      </div>
      <Table
        caption="Costs by system and journal length"
        head={['system', 'records', 'bytes a record', 'syncs a record', 'recovery, ms']}
        numbers={[1, 2, 3, 4]}
        rows={costs.map((each) => [
          each.system,
          number(each.records),
          each.bytesPerRecord.toFixed(0),
          each.syncsPerRecord.toFixed(2),
          each.recoveryMs.toFixed(1),
        ])}
      />
    </>
  )
}
