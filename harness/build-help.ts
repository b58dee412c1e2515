/** A step of `npm run build`: writes the help page of the commands beside the compiled command line. */
import { writeFileSync } from 'node:fs'
import { helpColumns, helpFile } from './help-page.ts'
import { program } from './program.ts'

program.configureOutput({ getOutHelpWidth: () => helpColumns, getOutHasColors: () => false })
writeFileSync(helpFile, program.helpInformation())
