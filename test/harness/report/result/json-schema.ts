/** The schema of a result as JSON Schema, for readers that are no TypeScript. Written by `npm run schema`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toJsonSchema } from '@valibot/to-json-schema'
import { format } from 'prettier'
import {
  resultSchema,
  resultSchemaName,
  resultVersion,
} from '../../../../harness/report/result/schema.ts'

/** The text of `result.schema.json`. */
export async function jsonSchemaText(): Promise<string> {
  const schema = toJsonSchema(resultSchema, { typeMode: 'output' })
  const titled = {
    ...schema,
    title: `${resultSchemaName} ${resultVersion}`,
    description:
      'What run, gate, validate and explore of killpoint found; docs/result-schema.md tells it in prose.',
  }
  return await format(JSON.stringify(titled), { parser: 'json', printWidth: 100 })
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(
    new URL('../../../../harness/report/result/result.schema.json', import.meta.url),
    await jsonSchemaText(),
  )
