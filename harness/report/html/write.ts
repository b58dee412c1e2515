/** The page of a result: one file that needs no network and no other file (`document.ts`). */
import { closeSync, openSync, writeSync } from 'node:fs'
import { profiles, isProfileName } from '../../disk-model/profile.ts'
import { invariantNames, invariants } from '../../verdict.ts'
import type { Result } from '../result/result.ts'
import { pageAsset, type PageAsset } from './asset.ts'
import { htmlDocument } from './document.ts'
import { payloadOf } from './payload.ts'

/** Writes the page of a result into a file. */
export function writeHtml(file: string, result: Result): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const part of htmlParts(result, pageAsset('main'))) writeSync(descriptor, part)
  } finally {
    closeSync(descriptor)
  }
}

/** The page in parts: it may be larger than a string should be. */
export function htmlParts(result: Result, asset: PageAsset): Iterable<string> {
  const { profile, command, verdict } = result
  const data = payloadOf(result, {
    model: isProfileName(profile) ? profiles[profile].title : '',
    invariants: Object.fromEntries(invariantNames.map((name) => [name, invariants[name].title])),
  })
  const title = `killpoint ${command}: ${verdict}`
  const withoutScript = 'This report is drawn by a script inside of this file.'
  return htmlDocument({ title, withoutScript, data, asset }).parts
}
