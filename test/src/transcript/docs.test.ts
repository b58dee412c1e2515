/** What `docs/transcript.md` shows runs as it stands there, and its table names every code. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(`${root}docs/transcript.md`, 'utf8')

test('transcript: docs: the example runs', async () => {
  const examples = [...page.matchAll(/```ts run\n(.*?)```/gs)].map(([, code]) => code ?? '')
  expect(examples).toHaveLength(1)
  for (const contents of examples) {
    const { outputFiles } = await build({
      stdin: { contents, loader: 'ts', resolveDir: root },
      alias: { 'killpoint/transcript': `${root}src/transcript.ts` },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    })
    const [{ text } = { text: '' }] = outputFiles
    expect(text).toContain('repairTranscript')
    await import(`data:text/javascript,${encodeURIComponent(text)}`)
  }
})

test('transcript: docs: every code of a problem is explained', () => {
  const source = readFileSync(`${root}src/transcript/model.ts`, 'utf8')
  const [, union = ''] = /type TranscriptProblemCode =(.*?)\n\n/s.exec(source) ?? []
  const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(20)
  expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})
