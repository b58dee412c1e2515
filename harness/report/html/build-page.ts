/** A step of `npm run build`: bundles the page of the HTML report beside the compiled harness. */
import { fileURLToPath } from 'node:url'
import { writePageAsset } from './asset.ts'

// From dist/harness/report/html back to the sources.
writePageAsset(
  fileURLToPath(new URL('../../../../harness/report/html/page/main.tsx', import.meta.url)),
)
