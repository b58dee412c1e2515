import postgres from 'postgres'
import { afterAll, describe, expect, it } from 'vitest'
import { random } from '../../../harness/seed.ts'
import type { JournalBackend } from '../../../src/journal.ts'
import {
  type PostgresConnection,
  postgresJournal,
  type PostgresJournalOptions,
} from '../../../src/postgres-journal.ts'
import { connectionOver } from '../../../src/postgres-journal/connection.ts'
import { bodiesOf, outcomeOf } from '../../../harness/conformance/law-asserts.ts'
import { PretendMachine } from '../../../harness/conformance/machine.ts'
import { overPg, overPostgresJs, testServer } from '../../support/postgres-place.ts'

const server = await testServer({}, true)
const seed = '5ca1ab1e'

/** What stands between the journal and each of its connections. */
type Wrap = (inner: PostgresConnection) => PostgresConnection

const isAppend = (text: string): boolean => text.includes('pg_backend_pid() =')

if ('missing' in server) {
  describe('postgres journal: a real server', () => {
    it.skip(`not judged: ${server.missing}`, () => undefined)
  })
} else {
  const { url, service } = server
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined })
  afterAll(async () => {
    await sql.end()
    await server.stop()
  })
  let schemas = 0
  const newSchema = (): string => `server_${++schemas}`
  const backendIn = (
    schema: string,
    wrap: Wrap = (inner) => inner,
    options: Partial<PostgresJournalOptions> = {},
  ): JournalBackend =>
    postgresJournal({
      schema,
      client: async () => wrap(await connectionOver(overPostgresJs(url))),
      reconnectMs: 20_000,
      ...options,
    })

  describe('postgres journal: the server is killed with SIGKILL', () => {
    it.each([1, 2])(
      'while appends are under way, round %i: each is there once, in order',
      async (round) => {
        const client = round % 2 === 0 ? overPg : overPostgresJs
        const backend = backendIn(newSchema(), undefined, { client: () => client(url) })
        const journal = await backend.open('run')
        const draw = random(seed, 'timing', round)
        const killAfter = 1 + draw.below(12)
        const appended: number[] = []
        let acknowledged = 0
        let killing: Promise<void> | undefined
        const one = async (): Promise<void> => {
          const body = appended.length
          appended.push(body)
          await journal.append([body])
          if (++acknowledged === killAfter) killing = service?.kill().then(() => service.restart())
        }
        // Several at once, so that the kill finds some sent, some waiting and some committed.
        for (let wave = 0; wave < 8; wave++) await Promise.all([one(), one(), one()])
        await killing
        await journal.close()
        expect(bodiesOf((await backend.read('run'))?.records), `seed ${seed}`).toEqual(appended)
      },
    )

    it('with its worker: the next one has all that was acknowledged, and at most the batch under way', async () => {
      const schema = newSchema()
      const machine = new PretendMachine()
      const worker = machine.start()
      let dead = false
      const mortal: Wrap = (inner) => ({
        query: (text, parameters) =>
          dead ? Promise.reject(new Error('dead')) : inner.query(text, parameters),
        close: () => inner.close(),
      })
      const { identity } = worker
      const journal = await backendIn(schema, mortal, { identity, reconnectMs: 0 }).open('run')
      const acknowledged: number[] = []
      const appends = Array.from({ length: 40 }, (_, body) =>
        journal.append([body]).then(
          () => acknowledged.push(body),
          () => undefined,
        ),
      )
      await appends[0]
      const more = Array.from({ length: 10 }, (_, body) => outcomeOf(journal.append([40 + body])))
      await service?.kill()
      dead = true
      worker.die()
      await Promise.all([...appends, ...more])
      await service?.restart()
      const next = await backendIn(schema, undefined, machine.start()).open('run')
      const found = bodiesOf(next.recovered)
      expect(found.slice(0, acknowledged.length)).toEqual(acknowledged)
      expect(found).toEqual(found.map((_, index) => index))
      await next.close()
    })
  })

  describe('postgres journal: a reply that never came', () => {
    it('after the commit: found by reading back, acknowledged, there once', async () => {
      let cuts = 0
      const deaf: Wrap = (inner) => ({
        query: async (text, parameters) => {
          const rows = await inner.query(text, parameters)
          if (isAppend(text) && cuts++ < 2) throw new Error('read ECONNRESET')
          return rows
        },
        close: () => inner.close(),
      })
      const backend = backendIn(newSchema(), deaf)
      const journal = await backend.open('run')
      expect(await journal.append(['a', 'b'])).toBe(2)
      expect(await journal.append(['c'])).toBe(3)
      await journal.close()
      expect(cuts).toBeGreaterThan(1)
      expect(bodiesOf((await backend.read('run'))?.records)).toEqual(['a', 'b', 'c'])
    })

    it('before the server had it: sent again, there once; and the old statement can do nothing any more', async () => {
      const withheld: [string, readonly (string | number | null)[]][] = []
      const schema = newSchema()
      const mute: Wrap = (inner) => ({
        query: (text, parameters) => {
          if (!isAppend(text) || withheld.length > 0) return inner.query(text, parameters)
          withheld.push([text, parameters])
          return Promise.reject(new Error('write EPIPE'))
        },
        close: () => inner.close(),
      })
      const backend = backendIn(schema, mute)
      const journal = await backend.open('run')
      expect(await journal.append(['a'])).toBe(1)
      const [text, parameters] = withheld[0] ?? ['', []]
      const late = await connectionOver(overPostgresJs(url))
      const [own] = await late.query('SELECT pg_backend_pid() AS pid', [])
      // As if it had been on its way in the very connection, and the chain had not grown.
      await late.query(`UPDATE ${schema}.runs SET batches = 0, sum = $1::text`, [
        String(parameters[9]),
      ])
      const rows = await late.query(text, parameters.with(5, Number(own?.['pid'])))
      expect(rows).toEqual([])
      await late.close()
    })

    it('and somebody took over meanwhile: fenced, unless it had been committed before that', async () => {
      for (const isCommitted of [true, false]) {
        const schema = newSchema()
        const thief = backendIn(schema)
        const cut: Wrap = (inner) => ({
          query: async (text, parameters) => {
            if (!isAppend(text)) return await inner.query(text, parameters)
            if (isCommitted) await inner.query(text, parameters)
            await (await thief.open('run', { takeover: 'always' })).close()
            throw new Error('read ECONNRESET')
          },
          close: () => inner.close(),
        })
        const journal = await backendIn(schema, cut).open('run')
        const outcome = await outcomeOf(journal.append(['a']))
        const code =
          outcome.kind === 'value' ? 'resolved' : (outcome.error as { code: string }).code
        expect(code).toBe(isCommitted ? 'resolved' : 'FENCED')
        expect(bodiesOf((await thief.read('run'))?.records)).toEqual(isCommitted ? ['a'] : [])
      }
    })

    it('for too long: the connection counts as lost, and the append is decided', async () => {
      let silent = 1
      const frozen: Wrap = (inner) => ({
        query: (text, parameters) =>
          isAppend(text) && silent-- > 0
            ? new Promise(() => undefined)
            : inner.query(text, parameters),
        close: () => inner.close(),
      })
      const backend = backendIn(newSchema(), frozen, { replyMs: 100 })
      const journal = await backend.open('run')
      expect(await journal.append(['a'])).toBe(1)
      await journal.close()
    })

    it('and the client connected again by itself: noticed in the append, and set up anew', async () => {
      let connections = 0
      const fickle: Wrap = (inner) => {
        connections++
        let current = inner
        return {
          query: async (text, parameters) => {
            if (isAppend(text) && connections === 1)
              current = await connectionOver(overPostgresJs(url))
            return await current.query(text, parameters)
          },
          close: async () => {
            await current.close()
            await inner.close()
          },
        }
      }
      const backend = backendIn(newSchema(), fickle)
      const journal = await backend.open('run')
      expect(await journal.append(['a'])).toBe(1)
      expect(connections).toBe(2)
      await journal.close()
    })
  })

  describe('postgres journal: a server that is not durable', () => {
    const reload = async (setting: string): Promise<void> => {
      await sql.unsafe(`ALTER SYSTEM ${setting}`)
      await sql`SELECT pg_reload_conf()`
      // A backend sees it before its next statement once the signal has come.
      const [name = '', value = 'on'] = setting.replace(/^(SET|RESET) /, '').split(' = ')
      for (;;) {
        const fresh = postgres(url, { max: 1, fetch_types: false })
        const [row] = await fresh`SELECT current_setting(${name}) AS value`
        await fresh.end()
        if (row?.['value'] === value) return
      }
    }

    it('fsync = off is refused where power loss counts, and taken where it does not', async () => {
      const schema = newSchema()
      await reload('SET fsync = off')
      try {
        const outcome = await outcomeOf(backendIn(schema).open('run'))
        expect(String(outcome.kind === 'error' && outcome.error)).toMatch(/runs with fsync = off/)
        const journal = await backendIn(schema, undefined, { durability: 'process' }).open('run')
        expect(await journal.append(['a'])).toBe(1)
        await journal.close()
      } finally {
        await reload('RESET fsync')
      }
    })

    it('fsync = off, later: the append is refused and not written', async () => {
      const backend = backendIn(newSchema())
      const journal = await backend.open('run')
      await journal.append(['kept'])
      await reload('SET fsync = off')
      try {
        await expect(journal.append(['lost'])).rejects.toThrow(/now runs with .*fsync = off/)
      } finally {
        await reload('RESET fsync')
      }
      expect(bodiesOf((await backend.read('run'))?.records)).toEqual(['kept'])
    })

    it('synchronous_commit = off on the connection: refused at the start, and in the append', async () => {
      const setUp =
        (when: 'at once' | 'later'): Wrap =>
        (inner) => {
          let isSet = false
          return {
            query: async (text, parameters) => {
              if (!isSet && (when === 'at once' || isAppend(text)))
                await inner.query('SET synchronous_commit = off', [])
              isSet ||= when === 'at once' || isAppend(text)
              return await inner.query(text, parameters)
            },
            close: () => inner.close(),
          }
        }
      const opening = backendIn(newSchema(), setUp('at once')).open('run')
      await expect(opening).rejects.toThrow(/runs with synchronous_commit = off/)
      const journal = await backendIn(newSchema(), setUp('later')).open('run')
      await expect(journal.append(['lost'])).rejects.toThrow(/synchronous_commit = off/)
    })
  })

  describe('postgres journal: owners on other hosts', () => {
    it('live as long as the server sees their session, and are taken over after that', async () => {
      const schema = newSchema()
      const connections: PostgresConnection[] = []
      const seen: Wrap = (inner) => (connections.push(inner), inner)
      const far = new PretendMachine('far').start()
      const near = new PretendMachine('near').start()
      const there = await backendIn(schema, seen, far).open('run')
      await there.append(['a'])
      const here = backendIn(schema, undefined, near)
      const refused = await outcomeOf(here.open('run'))
      expect(String(refused.kind === 'error' && refused.error)).toMatch(/far pid 1.*which is alive/)
      await connections[0]?.close()
      let next = await outcomeOf(here.open('run'))
      // The server lets go of a session a moment after its socket closed.
      while (next.kind === 'error') next = await outcomeOf(here.open('run'))
      expect(bodiesOf(next.value.recovered)).toEqual(['a'])
      const late = await outcomeOf(there.append(['late']))
      expect(late.kind === 'error' && (late.error as { code: string }).code).toBe('FENCED')
      await next.value.close()
    })
  })
}
