#!/usr/bin/env node
/** Where `killpoint` starts: the help page alone, or the commands (`command-line.ts`). */
import { printHelp } from './help-page.ts'

if (!printHelp(process.argv.slice(2))) await (await import('./command-line.ts')).main()
