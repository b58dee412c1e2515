/** Names that somebody else chose, as paths that stay where they are put. */

/** The path with everything that is no letter, digit, `.`, `_` or `-` as `=XX`, and no part that leads up or away. */
export function safePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 ? '=' : parts.map(safeName).join('/')
}

/** One name, at most 120 characters. */
export function safeName(name: string): string {
  const safe = name === '..' ? '=2E=2E' : name.replaceAll(/[^A-Za-z0-9._-]/gu, escaped)
  return safe.length <= nameMax ? safe : `${safe.slice(0, nameMax - 1)}=`
}

const nameMax = 120

function escaped(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}
