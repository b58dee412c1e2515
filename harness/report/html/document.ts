/**
 * A page as one document: data, script and style in it, and nothing else that it could load.
 *
 *   H1  nothing that a worker, a journal or a path says is ever markup: data is JSON in a script element that nothing in it can
 *       end, and the page puts it into text nodes and attributes alone
 *   H2  the page may load nothing and send nothing: its policy allows the inline script and style, and nothing else
 */
import { createHash } from 'node:crypto'
import type { PageAsset } from './asset.ts'

/** What a document is made of. */
export interface DocumentParts {
  readonly title: string
  /** Said where no script runs. */
  readonly withoutScript: string
  readonly data: object
  readonly asset: PageAsset
}

/** A document, and the policy that stands in it. */
export interface HtmlDocument {
  readonly policy: string
  /** It may be larger than a string should be. */
  readonly parts: Iterable<string>
}

/** Makes a document. */
export function htmlDocument({ title, withoutScript, data, asset }: DocumentParts): HtmlDocument {
  const script = asset.script.replaceAll('</script', String.raw`<\/script`)
  const style = asset.style.replaceAll('</style', String.raw`<\/style`)
  const policy = `default-src 'none'; script-src 'sha256-${hash(script)}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`
  const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${markup(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>${markup(withoutScript)}</noscript></div>
<script type="application/json" id="result">`
  return { policy, parts: partsOf(head, data, script) }
}

function* partsOf(head: string, data: object, script: string): Iterable<string> {
  yield head
  for (const [index, [name, value]] of Object.entries(data).entries())
    yield `${index === 0 ? '{' : ','}${json(name)}:${json(value ?? null)}`
  yield `}</script>
<script>${script}</script>
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
