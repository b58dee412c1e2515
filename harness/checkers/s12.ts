/**
 * S12: whatever a model is asked with, each tool call in it is answered once; an unknown outcome is no success; a recorded
 * result is used, and never changes from one request to the next.
 *
 * Calls have the id of their step as name, and a success holds its step's nonce (`mark.ts`): that is how an answer is told
 * from an invention.
 */
import type { Located } from '../history.ts'
import type { CaseView } from './context.ts'
import type { Finding } from './finding.ts'
import { readTranscript } from './transcript-model.ts'
import type { Answer, Call } from './transcript-model.ts'

/** Requests that no model should have been asked with. */
export function checkTranscripts(view: CaseView): readonly Finding[] {
  const answers = new Map<string, Given>()
  return view.history.of('model-request').flatMap((request) => {
    if (view.isVoid(request.index)) return []
    const { calls, problems } = readTranscript(request.format, request.messages)
    const wrong = [...problems, ...calls.flatMap((call) => inventions(view, request, call))]
    return [
      ...wrong.map((what) => broken(what, request)),
      ...calls.flatMap((call, place) => changes(view, request, { call, place }, answers)),
    ]
  })
}

type Request = Located<'model-request'>

/** The first answer that a call was given, and where. */
interface Given {
  readonly text: string
  readonly request: Request
}

function inventions(view: CaseView, request: Request, { name, answer }: Call): readonly string[] {
  if (answer === undefined || !view.model.units.has(name)) return []
  const nonces = view
    .effectsOf(name)
    .filter(({ index }) => index < request.index)
    .map(({ nonce }) => nonce)
  const holdsNonce = nonces.some((nonce) => answer.text.includes(nonce))
  if (!holdsNonce && !answer.isError)
    return [`call ${name} is answered as a success, and no effect of it gave that result`]
  const known = view.history
    .of('observed')
    .find(
      ({ step, state, index }) =>
        step === name && state === 'done' && index < request.index && !view.isVoid(index),
    )
  if (known === undefined || answer.text.includes(known.nonce)) return []
  return !hadToKnow(view, request, known)
    ? []
    : [`call ${name} was observed as ${known.nonce}, and is answered ${wordOf(answer)}`]
}

function wordOf({ isError }: Answer): string {
  return isError ? 'as an error' : 'otherwise'
}

function changes(
  view: CaseView,
  request: Request,
  { call, place }: { readonly call: Call; readonly place: number },
  answers: Map<string, Given>,
): readonly Finding[] {
  const { name, turn, answer } = call
  if (answer === undefined || isSuperseded(view, request)) return []
  // A transcript that was cut at its head has its calls at other places: no comparison there.
  const key = `${request.step} ${place} ${turn} ${name}`
  const before = answers.get(key)
  if (before === undefined) {
    answers.set(key, { text: answer.text, request })
    return []
  }
  if (before.text === answer.text) return []
  return [broken(`call ${name} is answered otherwise than before`, request, before.request)]
}

function hadToKnow(view: CaseView, request: Request, known: Located<'observed'>): boolean {
  if (isSuperseded(view, request)) return false
  const owner = view.ownership.ownerAt(request.life, request.index)
  const { life, index } = known
  return view.ownership.knows(owner, request.index, {
    ...view.ownership.ownerAt(life, index),
    index,
  })
}

function isSuperseded(view: CaseView, { life, index }: Request): boolean {
  return view.ownership.supersededBy(view.ownership.ownerAt(life, index), index) !== undefined
}

function broken(what: string, { life, index, step }: Request, since?: Request): Finding {
  return {
    invariant: 'S12',
    verdict: 'BROKEN_TRANSCRIPT',
    what: `${what}, in a request of ${step}`,
    life,
    index,
    ...(since === undefined ? {} : { since: since.index }),
    step,
    details: [],
  }
}
