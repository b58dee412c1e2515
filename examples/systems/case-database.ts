/** A database for each case: cases share a server, and runs have one name. */
import { createHash } from 'node:crypto'
import postgres from 'postgres'

/** The tables of the engine, and nothing in them. */
export const templateDatabase = 'template_of_engine'

/** The address of the case's database, which is made where the case has none yet. `directory` is the case's own, in all of its lives. */
export async function caseDatabase(directory: string): Promise<string> {
  const server = process.env['KILLPOINT_POSTGRES_URL']
  const name = `case_${createHash('sha256').update(directory).digest('hex').slice(0, 20)}`
  const sql = postgres(databaseUrl(server, 'postgres'), { max: 1, fetch_types: false })
  try {
    await sql.unsafe(`create database ${name} template ${templateDatabase}`)
  } catch (error) {
    // The second is what the server says while what an earlier life asked for is still being made.
    const { code } = error as { readonly code?: string }
    if (code !== '42P04' && code !== '23505') throw error
  } finally {
    await sql.end()
  }
  return databaseUrl(server, name)
}

/** The template, with nothing in it yet. */
export async function createTemplate(server: string | undefined): Promise<void> {
  const sql = postgres(databaseUrl(server, 'postgres'), { max: 1 })
  await sql.unsafe(`create database ${templateDatabase}`)
  await sql.end()
}

/** The address of a database of a server. */
export function databaseUrl(server: string | undefined, database: string): string {
  if (server === undefined) throw new Error('KILLPOINT_POSTGRES_URL is not set')
  const url = new URL(server)
  url.pathname = database
  return url.href
}
