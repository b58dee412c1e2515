/**
 * Imports a module that a user wrote. Whatever it does while it is loaded, whoever asked for it is told: what it throws, that it
 * calls `process.exit`, that it waits for what never comes. Without this, a module could end the harness with the code of a pass.
 */

/** What the loading of a module came to, where it came to nothing. */
export class UnfinishedImport extends Error {}

type Namespace = Readonly<Record<string, unknown>>

/** Ends the imports under way; each is one entry. */
const underWay = new Set<(why: UnfinishedImport) => void>()

let realExit: typeof process.exit | undefined

/**
 * Imports a module by its URL.
 *
 * @throws what it throws; UnfinishedImport where it ends the process, or waits for what never comes
 */
export async function importGuarded(url: string): Promise<Namespace> {
  let end: (why: UnfinishedImport) => void = () => {}
  const ended = new Promise<never>((_, reject) => (end = reject))
  if (underWay.size === 0) takeHold()
  underWay.add(end)
  try {
    return await Promise.race([import(url) as Promise<Namespace>, ended])
  } finally {
    underWay.delete(end)
    if (underWay.size === 0) letGo()
  }
}

function takeHold(): void {
  realExit = process.exit.bind(process)
  process.exit = (code) => {
    const why = new UnfinishedImport(`it called process.exit(${code ?? ''}) while it was loaded`)
    endAll(why)
    throw why
  }
  process.on('beforeExit', neverEnds)
}

function letGo(): void {
  if (realExit !== undefined) process.exit = realExit
  realExit = undefined
  process.off('beforeExit', neverEnds)
}

/** Node has nothing left to do, and the module is not loaded: nothing can ever end what it waits for. */
function neverEnds(): void {
  endAll(new UnfinishedImport('it waits at its top level (await) for what never comes'))
}

function endAll(why: UnfinishedImport): void {
  for (const end of underWay) end(why)
}
