/**
 * Node's own modules, taken when they are needed: what a preload loads at its start, every worker pays for.
 *
 * An `import` of the default export would copy all members of the module in the bundle, and the rarely used modules are not
 * loaded by Node itself.
 */

/** The one mutable object of `node:fs`, whose members the public wrappers replace. */
export function mutableFs(): typeof import('node:fs') {
  return process.getBuiltinModule('node:fs')
}

/** Makes replaced members of `node:fs` visible to `import { … } from 'node:fs'`. */
export function syncExports(): void {
  process.getBuiltinModule('node:module').syncBuiltinESMExports()
}

/** Names and texts of system errors. */
export function systemErrors(): Map<number, [string, string]> {
  return process.getBuiltinModule('node:util').getSystemErrorMap()
}
