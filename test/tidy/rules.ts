/**
 * The rules that keep the sources tidy, as pure functions over file texts, so that they can be tested themselves.
 */
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'

/** A source file by its path relative to the repository. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** Paths of the files that a file imports relatively. */
export function importsOf({ path, text }: Source): readonly string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(path), name)))
}

/** Import cycles at run time, each as the paths along it: imports point down, so there is none. Types may look back. */
export function cyclesIn(sources: readonly Source[]): readonly string[] {
  const graph = new Map(
    sources.map(({ path, text }) => [path, importsOf({ path, text: withoutTypeImports(text) })]),
  )
  const state = new Map<string, 'open' | 'done'>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    state.set(path, 'open')
    for (const next of graph.get(path) ?? []) if (graph.has(next)) visit(next, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}

/** Imports over a border that must not be crossed. */
export function trespasses(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((target) => isForbidden(source.path, target))
      .map((target) => `${source.path} imports ${target}`),
  )
}

const contractTypes = ['src/journal.ts', 'src/json.ts', 'src/identity.ts']

function isForbidden(from: string, to: string): boolean {
  if (from.startsWith('src/')) return !to.startsWith('src/')
  if (from.startsWith('harness/systems/'))
    return !to.startsWith('harness/') && !to.startsWith('src/')
  // The laws judge a journal through the contract's types, and share no code with what they judge.
  if (from.startsWith('harness/conformance/'))
    return !to.startsWith('harness/') && !contractTypes.includes(to)
  // The inspector reads journals through the public reader, like anybody else.
  if (from.startsWith('harness/inspect/')) return to.startsWith('scenarios/')
  if (['harness/program.ts', 'harness/vitest.ts'].includes(from)) return to.startsWith('src/')
  if (from.startsWith('harness/')) return !to.startsWith('harness/')
  if (from.startsWith('scenarios/')) return to.startsWith('src/')
  return false
}

/** Something that enters through one door only. */
export interface Ban {
  readonly pattern: RegExp
  readonly use: string
  /** Files that are that door. */
  readonly except: readonly RegExp[]
}

export const bans: readonly Ban[] = [
  {
    pattern: /\bMath\.random\(/,
    use: 'src/random.ts, or harness/seed.ts',
    except: [],
  },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    use: 'the Clock port (src/clock.ts)',
    except: [/^src\/clock\.ts$/, /^harness\/live\//, /^harness\/commands\//, /^harness\/report\//],
  },
  {
    pattern: /^export default /m,
    use: 'a named export',
    except: [],
  },
  {
    pattern: /^(?:export )?(?:const )?enum /m,
    use: 'a union of literals',
    except: [],
  },
  {
    pattern: /@ts-ignore|@ts-nocheck|\bas any\b|: any\b/,
    use: 'a type',
    except: [],
  },
]

/** Uses of what is banned, each with what to use instead. */
export function banned(
  sources: readonly Source[],
  rules: readonly Ban[] = bans,
): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    rules
      .filter(({ except }) => except.every((door) => !door.test(path)))
      .flatMap(({ pattern, use }) => {
        const code = withoutComments(text)
        const match = pattern.exec(code)
        return match === null ? [] : [`${path}: ${match[0].trim()}: use ${use}`]
      }),
  )
}

/** Files that do not say at their head what they are. */
export function headless(sources: readonly Source[]): readonly string[] {
  return sources.filter(({ text }) => !/^(?:#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path)
}

/** Names that are not kebab-case. */
export function misnamed(sources: readonly Source[]): readonly string[] {
  return sources
    .map(({ path }) => path)
    .filter(
      (path) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts$/.test(path),
    )
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function withoutTypeImports(text: string): string {
  return text.replaceAll(/^(?:import|export) type [^;]*? from '[^']*'$/gm, '')
}
