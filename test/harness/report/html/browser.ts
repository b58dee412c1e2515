/** A real Chromium for tests of the page: Debian's, or the one that KILLPOINT_CHROMIUM names. */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

/** Its executable; `undefined` where there is none. CI must have one. */
export const chromiumPath: string | undefined = [
  process.env['KILLPOINT_CHROMIUM'],
  '/usr/bin/chromium',
].find((path) => path !== undefined && existsSync(path))

/** Starts it. */
export async function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('there is no Chromium')
  return await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
    ],
  })
}
