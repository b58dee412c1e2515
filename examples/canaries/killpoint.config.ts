/**
 * Libraries that many programs keep their state with, each as a small journal: once as one that shall survive the death of its process, and once, with
 * `power`, as one that shall survive power loss too. `npx killpoint explore --only loop` in this directory.
 */
import { fileURLToPath } from 'node:url'
import { backendSystem, defineConfig } from 'killpoint'
import { claims } from './claims.ts'

const libraries = ['write-file-atomic', 'lowdb', 'conf', 'jsonl']

export default defineConfig({
  systems: libraries.flatMap((library) => {
    const module = fileURLToPath(new URL(`${library}.ts`, import.meta.url))
    return [
      backendSystem({ name: library, module, claims: claims.filter((each) => each !== 'power') }),
      backendSystem({ name: `${library}-power`, module, claims }),
    ]
  }),
})
