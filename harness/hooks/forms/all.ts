/** All forms. */
import { callbackForms, streamForms } from './callback-forms.ts'
import type { Form } from './form.ts'
import { handleForms, promiseForms } from './promise-forms.ts'
import { syncForms } from './sync-forms.ts'
import { treeForms } from './tree-forms.ts'

/** All forms, in the order in which they are tried. */
export const forms: readonly Form[] = [
  ...syncForms,
  ...callbackForms,
  ...promiseForms,
  ...handleForms,
  ...streamForms,
  ...treeForms,
]

/** Names of forms that are compared without order, attributes and failed attempts. */
export const unorderedForms: ReadonlySet<string> = new Set(treeForms.map(({ name }) => name))
