/** Where the sources are that mutants are planted in: they ship with the package, beside what is built from them. */
import { existsSync, readFileSync } from 'node:fs'
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
