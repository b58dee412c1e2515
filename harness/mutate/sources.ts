/** Where the sources are that mutants are planted in: they ship with the package, beside what is built from them. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HarnessError } from '../errors.ts'
import type { Edit, Mutant } from './mutant.ts'

/** The directory of the package, from the sources and from `dist` alike. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory)
  return directory
}

/** The text of the file of an edit as it stands under `root`. @throws HarnessError `MUTANT_DRIFT` where there is no such file */
export function sourceOf(
  { id }: Pick<Mutant, 'id'>,
  { file }: Pick<Edit, 'file'>,
  root: string,
): string {
  const path = join(root, file)
  if (existsSync(path)) return readFileSync(path, 'utf8')
  throw new HarnessError('MUTANT_DRIFT', `mutant ${id}: there is no ${file}`, {
    hint: 'the source has moved: plant the same bug into the new file, in scenarios/mutants',
    details: { mutant: id, file, count: 0 },
  })
}

const judging = ['src', 'harness', 'scenarios'] as const

/** A hash over everything that mutants are planted in or judged by: equal for equal sources. */
export function digestOf(root: string): string {
  const hash = createHash('sha256')
  for (const directory of judging)
    for (const name of readdirSync(join(root, directory), { recursive: true }).map(String).sort())
      if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(root, directory, name)))
  return hash.digest('hex').slice(0, 16)
}

/** Nothing that a run finds counts once its sources are others. @throws HarnessError `SOURCES_CHANGED` */
export function assertSources(root: string, digest: string): void {
  if (digestOf(root) === digest) return
  throw new HarnessError('SOURCES_CHANGED', 'the sources changed while mutants were hunted', {
    hint: 'let nobody edit, build or rebase in this tree meanwhile, and run it again',
  })
}
