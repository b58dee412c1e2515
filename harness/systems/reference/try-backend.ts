/**
 * Looks at a backend before it is put under a worker: whether it has the members of one, and whether what they give has the
 * shape that the contract states. One run is opened, appended to, closed and read, in a scratch directory. Whether it keeps its
 * promises is not asked here: that is what the scenarios are for.
 */
import { systemClock } from '../../../src/clock.ts'
import type { Durability, Journal, JournalBackend } from '../../../src/journal.ts'
import { toldIdentity } from './identity.ts'

/** What a look at a backend showed. */
export interface TriedBackend {
  /** Everything that is wrong; empty where it has the shape of a backend. */
  readonly wrong: readonly string[]
  readonly durability?: Durability
}

/** Milliseconds that a call may take while nobody disturbs it. */
const callMsMax = 10_000

const durabilities: readonly Durability[] = ['memory', 'process', 'power']

/** Looks at what `createBackend` gives. */
export async function tryBackend(createBackend: unknown, dir: string): Promise<TriedBackend> {
  const look = new Look()
  const backend = await look.call('createBackend', () =>
    (createBackend as (context: object) => unknown)({
      dir,
      identity: toldIdentity(1, undefined),
      random: { nonce: () => 'nonce' },
      clock: systemClock,
    }),
  )
  if (look.hasFailed) return { wrong: look.wrong }
  if (!look.isObject('createBackend', 'a backend', backend)) return { wrong: look.wrong }
  const { durability } = backend as Partial<JournalBackend>
  look.has('the backend', backend, { name: 'string', open: 'function', read: 'function' })
  if (durability === undefined || !durabilities.includes(durability))
    look.add(
      `the backend: expected \`durability\` to be one of ${durabilities.join(', ')}, found ${told(durability)}`,
    )
  if (look.wrong.length === 0) await use(look, backend as unknown as JournalBackend)
  return { wrong: look.wrong, ...(durability === undefined ? {} : { durability }) }
}

/** The members of a journal, and what their calls give. */
async function use(look: Look, backend: JournalBackend): Promise<void> {
  const nothing = await look.call('read of a run that does not exist', () => backend.read('tried'))
  if (nothing !== undefined)
    look.add(`read of a run that does not exist: expected undefined, found ${told(nothing)}`)
  const journal: unknown = await look.call('open', () => backend.open('tried'))
  if (look.hasFailed || !look.isObject('open', 'a journal', journal)) return
  look.has('the journal', journal, {
    runId: 'string',
    epoch: 'number',
    recovered: 'list',
    lives: 'list',
    append: 'function',
    close: 'function',
  })
  if (look.wrong.length > 0) return
  const { append, close } = journal as unknown as Journal
  const seq: unknown = await look.call('append', () => append([{ tried: true }]))
  if (!look.hasFailed && typeof seq !== 'number')
    look.add(`append: expected the seq of the last record, a number, found ${told(seq)}`)
  await look.call('close', () => close())
  const image: unknown = await look.call('read', () => backend.read('tried'))
  // What it should hold is a promise; here only the shape is asked.
  if (look.hasFailed || image === undefined || !look.isObject('read', 'an image', image)) return
  look.has('the image', image, {
    runId: 'string',
    epoch: 'number',
    records: 'list',
    lives: 'list',
    undecided: 'number',
  })
}

type Kind = 'string' | 'number' | 'function' | 'list'

/** Collects what is wrong. */
class Look {
  readonly wrong: string[] = []
  /** True where a call ended in another way than by giving something. */
  hasFailed = false

  add(line: string): void {
    this.wrong.push(line)
  }

  async call(name: string, body: () => unknown): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`nothing came of it in ${callMsMax / 1_000} s`)),
        callMsMax,
      )
    })
    try {
      return await Promise.race([body(), late])
    } catch (error) {
      this.hasFailed = true
      this.add(
        error instanceof Error
          ? `${name} threw ${String(error).split('\n')[0]}`
          : `${name} threw ${told(error)}, which is no Error: its message and stack are lost`,
      )
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  isObject(name: string, wanted: string, value: unknown): value is Record<string, unknown> {
    if (typeof value === 'object' && value !== null) return true
    this.add(`${name}: expected ${wanted}, found ${told(value)}`)
    return false
  }

  has(name: string, value: Record<string, unknown>, members: Readonly<Record<string, Kind>>): void {
    for (const [member, kind] of Object.entries(members)) {
      const found = value[member]
      const fits = kind === 'list' ? Array.isArray(found) : typeof found === kind
      if (!fits) this.add(`${name}: expected a ${kind} \`${member}\`, found ${told(found)}`)
    }
  }
}

/** A value as a person is told of it. */
function told(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return `the ${typeof value} ${JSON.stringify(value) ?? ''}`
  return Array.isArray(value) ? 'a list' : 'an object'
}
