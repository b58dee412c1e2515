/**
 * The system contract: everything that the harness knows about what it tests.
 *
 * A system starts or resumes a run by its id, runs it to the end and exits with 0. It is told what to do in environment
 * variables, it reports on fd 3 (`life.ts`, `mark.ts`), and nothing else is asked of it: a journal backend, a whole runtime
 * and a shell script are driven through the same door. It is judged by what it claims; what it does not claim is skipped
 * with the reason, never passed in silence.
 *
 * This file holds types, two tables and the check of a description. It starts nothing (`live/` does).
 */

/** What a system may claim, and what the claim promises. A scenario that needs more than is claimed is skipped. */
export const claimMeanings = {
  process: 'what it acknowledged survives the death of its process',
  power: 'what it acknowledged survives power loss',
  fencing: 'an owner that was replaced is refused, and told so',
  takeover: 'a run whose owner died is taken over within takeoverMsMax',
  guarded: 'under takeover if-dead a live owner is not robbed',
  journal: 'reports recovered, appending and ack marks with one hash per record',
  keyed: 'an effect has one idempotency key over all lives',
  once: 'an effect whose outcome is unknown is reported so, and not repeated',
  retry: 'keeps the count of declared attempts over lives',
  parallel: 'runs parallel members at once',
  tools: 'commits each call of a tool batch on its own',
  loop: 'continues a loop after its last committed iteration',
  child: 'runs children with a subtree of their own',
  command: 'runs another executable as a child',
  poison: 'ends a run that kills its process again and again with a terminal error',
  timer: 'has durable timers with absolute due times',
  signal: 'takes signals from another process (verb signal)',
  cancel: 'takes a cancel from another process (verb cancel)',
  budget: 'conserves a budget over lives',
  deadline: 'keeps an absolute deadline over lives',
  transcript: 'reports the messages that it asks a model with',
  graceful: 'on SIGTERM starts nothing new, stays resumable, and exits with 0 only when done',
  terminal: 'a finished run returns its outcome again and does nothing',
  mismatch: 'refuses to resume a run with another workload',
  clock: 'takes its clock from the harness',
  identity: 'takes its host and boot identity from the harness',
  serial: 'is deterministic: one seed gives the same ops, bytes and marks',
  wire: 'reaches its store over connections that its own process opens',
  server: 'what it acknowledged survives the death of the server behind it',
} as const

export type Claim = keyof typeof claimMeanings

/** Every claim there is, in the order of the table. */
export const claimNames: readonly Claim[] = Object.keys(claimMeanings) as Claim[]

/** All that can be claimed of a store in files: every claim but `wire` and `server`. */
export const allClaims: readonly Claim[] = claimNames.filter(
  (claim) => claim !== 'wire' && claim !== 'server',
)

/** What is executed for one life. */
export type Program =
  /** A TypeScript or JavaScript module for Node that runs one life when it is loaded. */
  | {
      readonly kind: 'script'
      /** Absolute path of the module. */
      readonly entry: string
      /** Import specifiers that stand for files: how a user's backend gets into a worker written by somebody else. */
      readonly modules?: Readonly<Record<string, string>>
      /** Packages that must be loaded from disk as they are: native code, or code that looks for its own files. */
      readonly external?: readonly string[]
      /** False where bundling cannot work: loaded as it is, by tsx where it is TypeScript, at five times the start-up. */
      readonly bundle?: boolean
      /** Arguments to node, before the script. */
      readonly nodeArguments?: readonly string[]
    }
  /** Any executable. */
  | {
      readonly kind: 'executable'
      /** Absolute path, or a name that is looked up in PATH. */
      readonly file: string
      readonly arguments?: readonly string[]
      /** Working files are relative to it; default the case's own directory. */
      readonly cwd?: string
      /** False: without the native hooks, by its marks alone. Default: with them where the host can build them (`killpoint doctor`). */
      readonly native?: boolean
    }

/** What all systems have. */
interface Described {
  /** Short name, or the path of a module as it was given; unique in a campaign, and part of every token. */
  readonly name: string
  readonly claims: readonly Claim[]
  /** Milliseconds that taking over a dead owner's run may last (engines met in practice: 200 to 63 000). */
  readonly takeoverMsMax: number
  /** Steps in flight at once, where the system promises less than the scenario's `inFlightMax`. */
  readonly inFlightMax?: number
  /** Processes that it needs, started and stopped (and killed) by the harness. */
  readonly services?: readonly Service[]
  /** True where its store is written by native code or a service, whose ops no door shows. */
  readonly unseenStore?: true
  /** Variables of the harness's own environment that its processes see; PATH, HOME and LANG they always do. */
  readonly inherit?: readonly string[]
  /** Variables set for its processes. */
  readonly environment?: Readonly<Record<string, string>>
}

type Script = Extract<Program, { kind: 'script' }>
type Executable = Extract<Program, { kind: 'executable' }>

/** A journal backend, under a worker that runs the workload over it. */
export type BackendSystem = Described & { readonly kind: 'backend'; readonly program: Script }
/** A runtime that runs the workload on its own engine. */
export type RuntimeSystem = Described & { readonly kind: 'runtime'; readonly program: Script }
/** Any executable that speaks the command protocol. */
export type CommandSystem = Described & { readonly kind: 'command'; readonly program: Executable }

export type System = BackendSystem | RuntimeSystem | CommandSystem

/** A process behind a system: a database server, a broker. */
export interface Service {
  readonly name: string
  /** One for the whole campaign, or a fresh one for each case (where cases kill it). */
  readonly scope: 'campaign' | 'case'
  /**
   * Starts it with its data in `directory`, and resolves when it takes requests. Its processes have `environment` among their variables:
   * by it they are found, and ended, when the harness dies.
   */
  readonly start: (
    directory: string,
    environment?: Readonly<Record<string, string>>,
  ) => Promise<RunningService>
  /** Removes what it kept from one start to the next; called when none of them runs any more. */
  readonly close?: () => Promise<void>
}

/** A service that takes requests. */
export interface RunningService {
  /** Told to every life: addresses, ports, credentials. */
  readonly environment: Readonly<Record<string, string>>
  /** Its process, where it has one: while it gets no processor, who waits for it is not taken for wedged. */
  readonly pid?: () => number | undefined
  /** Ends it as a crash would. Resolves when its processes are gone. */
  readonly kill: () => Promise<void>
  /** Starts it again over the same data, under the same environment. */
  readonly restart: () => Promise<void>
  /** Ends it in order. Resolves when its processes are gone. */
  readonly stop: () => Promise<void>
}

/** Milliseconds that a takeover may last at most, whatever a system says: longer ones make a campaign useless. */
export const takeoverMsLimit = 600_000

/** Everything that is wrong with a description, at once; empty where it is sound. */
export function systemMistakes(system: System): readonly string[] {
  const wrong: string[] = []
  if (system.name === '' || !system.name.isWellFormed())
    wrong.push(`name ${JSON.stringify(system.name)}: expected a text that can be printed`)
  for (const claim of system.claims)
    if (!Object.hasOwn(claimMeanings, claim))
      wrong.push(`claim ${JSON.stringify(claim)} is unknown; known are ${claimNames.join(', ')}`)
  const { takeoverMsMax, inFlightMax } = system
  if (!(takeoverMsMax >= 0 && takeoverMsMax <= takeoverMsLimit))
    wrong.push(`takeoverMsMax ${takeoverMsMax}: expected 0 to ${takeoverMsLimit} milliseconds`)
  if (inFlightMax !== undefined && !(Number.isInteger(inFlightMax) && inFlightMax >= 1))
    wrong.push(`inFlightMax ${inFlightMax}: expected a whole number from 1`)
  const [first] = system.services ?? []
  if (system.claims.includes('server') && first?.scope !== 'case')
    wrong.push(
      'claim "server": expected its first service to be of scope case, so that cases can kill it',
    )
  const names = (system.services ?? []).map((service) => service.name)
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index)))
    wrong.push(`two services are named ${JSON.stringify(name)}`)
  return wrong
}

/** The claims that `needed` lists and the system does not make, in the order asked: why a scenario is skipped. */
export function missingClaims(system: System, needed: readonly Claim[]): readonly Claim[] {
  return needed.filter((claim) => !system.claims.includes(claim))
}
