/**
 * The page of a result: one file that needs no network and no other file.
 *
 *   H1  nothing that a worker, a journal or a path says is ever markup: data is JSON in a script element that nothing in it can
 *       end, and the page puts it into text nodes and attributes alone
 *   H2  the page may load nothing and send nothing: its policy allows the inline script and style, and nothing else
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { profiles, isProfileName } from '../../disk-model/profile.ts'
import { invariantNames, invariants } from '../../verdict.ts'
import type { Result } from '../result/result.ts'
import { pageAsset, type PageAsset } from './asset.ts'
import { payloadOf } from './payload.ts'

/** Writes the page of a result into a file. */
export function writeHtml(file: string, result: Result): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const part of htmlParts(result, pageAsset())) writeSync(descriptor, part)
  } finally {
    closeSync(descriptor)
  }
}

/** The page in parts: it may be larger than a string should be. */
export function* htmlParts(result: Result, { script, style }: PageAsset): Iterable<string> {
  const { profile, command, verdict } = result
  const payload = payloadOf(result, {
    model: isProfileName(profile) ? profiles[profile].title : '',
    invariants: Object.fromEntries(invariantNames.map((name) => [name, invariants[name].title])),
  })
  const safeScript = script.replaceAll('</script', String.raw`<\/script`)
  const safeStyle = style.replaceAll('</style', String.raw`<\/style`)
  const policy = `default-src 'none'; script-src 'sha256-${hash(safeScript)}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${markup(`killpoint ${command}: ${verdict}`)}</title>
<style>${safeStyle}</style>
</head>
<body>
<div id="page"><noscript>This report is drawn by a script inside of this file.</noscript></div>
<script type="application/json" id="result">`
  for (const [index, [name, value]] of Object.entries(payload).entries())
    yield `${index === 0 ? '{' : ','}${json(name)}:${json(value ?? null)}`
  yield `}</script>
<script>${safeScript}</script>
</body>
</html>
`
}

/** JSON in which no character can end or open an element. */
function json(value: unknown): string {
  return (JSON.stringify(value) ?? 'null')
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('>', String.raw`\u003e`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
}

function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
