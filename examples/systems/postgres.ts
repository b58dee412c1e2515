/**
 * A PostgreSQL server for a campaign over an engine that keeps its state there. The engine's own command makes its tables, once, in a template
 * database, as a deployment makes them before it starts its processes; each case then has a copy of it (`case-database.ts`).
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { postgresService, type Service } from 'killpoint'
import { createTemplate, databaseUrl, templateDatabase } from './case-database.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const server = postgresService()

/** `command` is run by Node in the engine's folder; `URL` in it stands for the address of the template database, which it also finds in `DATABASE_URL`. */
export function postgresFor(folder: string, command: readonly string[]): Service {
  return {
    ...server,
    start: async (directory, environment) => {
      const running = await server.start(directory, environment)
      try {
        await makeTemplate(folder, command, running.environment['KILLPOINT_POSTGRES_URL'])
      } catch (error) {
        await running.stop()
        throw error
      }
      return running
    },
  }
}

async function makeTemplate(
  folder: string,
  command: readonly string[],
  address: string | undefined,
): Promise<void> {
  await createTemplate(address)
  const url = databaseUrl(address, templateDatabase)
  const order = command.map((word) => (word === 'URL' ? url : word))
  execFileSync(process.execPath, order, {
    cwd: here + folder,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
