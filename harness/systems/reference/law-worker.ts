/**
 * One process of the law suite: makes the backend under test, and does with it what the laws say over Node's channel to its
 * parent. It knows no law.
 *
 *  1  What it is sent is a copy, so sharing with the caller would go unseen: it spoils every list of bodies as soon as `append`
 *     has returned its promise.
 *  2  It ends with its parent: when the channel closes, whatever the backend waits for.
 *  3  What a call has cost is taken down before anything else can run: what a backend does once it has acknowledged is none of it.
 */
import { createBackend } from 'killpoint:backend'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Answer,
  Call,
  Look,
  Order,
  PackedError,
  Spent,
} from '../../conformance/process/messages.ts'
import { unpack } from '../../conformance/process/messages.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Identity, Liveness } from '../../../src/identity.ts'
import type { Journal, JournalBackend, RecordBody } from '../../../src/journal.ts'
import { hookVariables } from '../../life.ts'
import { random } from '../../seed.ts'
import { LawDoor, watch } from './law-door.ts'

let backend: Promise<JournalBackend> | undefined
let begun: Extract<Order, { kind: 'begin' }> | undefined
let door: LawDoor | undefined
const journals: Journal[] = []
/** Questions to the parent that are not answered yet. */
const asked = new Map<number, (liveness: Liveness) => void>()
const identities = new WeakMap<object, number>()
let identityCount = 0
let spent: Spent = { bytes: 0, syncs: 0, logged: {} }

process.on('message', (order: Order) => obey(order))
process.on('disconnect', () => process.exit())

function obey(order: Order): void {
  switch (order.kind) {
    case 'begin':
      begun = order
      return
    case 'fail':
      door?.fail(order.what, order.nth)
      return
    case 'liveness':
      asked.get(order.id)?.(order.liveness as Liveness)
      asked.delete(order.id)
      return
    default:
      void reply(order)
  }
}

async function reply(call: Call): Promise<void> {
  const { id } = call
  try {
    const value = await carryOut(call)
    if (call.kind === 'backend' || call.kind === 'journal') spent = spentSoFar()
    answer({ id, kind: 'done', value })
  } catch (error) {
    answer({ id, kind: 'failed', error: packError(error) })
  }
}

async function carryOut(call: Call): Promise<unknown> {
  switch (call.kind) {
    case 'look':
      return await look()
    case 'cost':
      return spent
    case 'backend':
      return await onBackend(call)
    case 'journal':
      return await onJournal(call)
  }
}

async function onBackend({ member, values }: Extract<Call, { kind: 'backend' }>): Promise<unknown> {
  const made = await (backend ??= make())
  const args = unpack(values) as [string]
  switch (member) {
    case 'open': {
      const journal = await made.open(...args)
      const { runId, epoch, recovered, lives, repaired } = journal
      return { journal: journals.push(journal) - 1, runId, epoch, recovered, lives, repaired }
    }
    case 'read':
      return await made.read(...args)
    case 'salvage':
      return await made.salvage?.(...args)
    case 'list': {
      const listed: unknown[] = []
      for await (const summary of made.list?.() ?? []) listed.push(summary)
      return listed
    }
  }
}

// Not `async` up to the call: overlapping appends keep the order in which they were sent.
function onJournal({
  journal,
  member,
  values,
}: Extract<Call, { kind: 'journal' }>): Promise<unknown> {
  const held = journals[journal]
  if (held === undefined) throw new Error(`there is no journal ${journal}`)
  if (member === 'close') return held.close()
  const [bodies] = unpack(values) as [RecordBody[]]
  const appended = held.append(bodies)
  spoil(bodies)
  return appended
}

/** 1. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) spoil(member)
  if (Array.isArray(value)) value.push('spoilt by the caller')
  else if (Object.getPrototypeOf(value) === Object.prototype)
    Object.assign(value, { spoilt: 'by the caller' })
}

/** 3. */
function spentSoFar(): Spent {
  const logs = process.env[hookVariables.nativeDirectory]
  const names = logs === undefined ? [] : readdirSync(logs)
  const logged = names.map((name) => [name, statSync(join(logs ?? '', name)).size])
  const { bytes = 0, syncs = 0 } = door ?? {}
  return { bytes, syncs, logged: Object.fromEntries(logged) as Spent['logged'] }
}

/** What the backend can do, and whether its files are seen. */
async function look(): Promise<Look> {
  const { dir = '' } = begun ?? {}
  let made: JournalBackend | undefined
  const { writes, unseen } = await watch(dir, async () => {
    made = await (backend ??= make(false))
    const journal = await made.open('look')
    await journal.append([{ looked: true }])
    await journal.close()
  })
  const isSeen = unseen === undefined && writes > 0
  return {
    durability: made?.durability ?? 'memory',
    abilities: [
      ...(isSeen ? (['cost', 'syncs', 'fail'] as const) : []),
      ...(made?.salvage === undefined ? [] : (['salvage'] as const)),
      ...(made?.list === undefined ? [] : (['list'] as const)),
    ],
    ...(unseen === undefined ? {} : { unseen }),
  }
}

async function make(counts = true): Promise<JournalBackend> {
  if (begun === undefined) throw new Error('it was not begun')
  const { dir, self, seed } = begun
  if (counts) door = new LawDoor(dir)
  const numbers = random(seed, 'system', self.pid)
  const nonce = (): string => numbers.below(2 ** 48).toString(36)
  const identity: Identity = {
    self: () => Promise.resolve(self),
    liveness: (owner) =>
      new Promise((resolve) => {
        const id = asked.size === 0 ? 1 : Math.max(...asked.keys()) + 1
        asked.set(id, resolve)
        answer({ id, kind: 'liveness', owner })
      }),
  }
  return await createBackend({ dir, identity, random: { nonce }, clock: systemClock })
}

function answer(text: Answer): void {
  process.send?.(text)
}

function packError(error: unknown): PackedError {
  const isObject = typeof error === 'object' && error !== null
  let identity = 0
  if (isObject) {
    identity = identities.get(error) ?? ++identityCount
    identities.set(error, identity)
  }
  const isError = error instanceof Error
  const { code, hint, details } = (isObject ? error : {}) as Record<string, unknown>
  return {
    identity,
    isError,
    name: isError ? error.name : typeof error,
    message: isError ? error.message : String(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(details === undefined ? {} : { details: plain(details) }),
    ...(isError && error.cause !== undefined ? { cause: packError(error.cause) } : {}),
  }
}

function plain(details: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(details)) as unknown
  } catch {
    // Only laws that look at details miss them, and say so.
    return {}
  }
}
