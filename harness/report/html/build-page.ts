/** A step of `npm run build`: bundles the pages beside the compiled harness. */
import { fileURLToPath } from 'node:url'
import { pageNames, writePageAsset } from './asset.ts'

// From dist/harness/report/html back to the sources.
for (const name of pageNames)
  writePageAsset(
    name,
    fileURLToPath(new URL(`../../../../harness/report/html/page/${name}.tsx`, import.meta.url)),
  )
