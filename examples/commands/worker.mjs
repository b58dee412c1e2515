/**
 * One life of a run, as a plain Node program: a journal of lines in one file.
 *
 *  1  A record is one line, written and synced before anybody is told. The directory is synced once, after the file was made.
 *  2  A torn last line was never acknowledged: it is cut off before anything is appended.
 *  3  A `once` step has its intent on disk before its effect; an intent without a result is an unknown outcome.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'

const { KILLPOINT_DIR: dir, KILLPOINT_RUN_ID: runId, KILLPOINT_WORKLOAD: workload } = process.env
const life = Number(process.env.KILLPOINT_LIFE)

/** One line to the ledger, in one write. */
const mark = (name, members = {}) =>
  fs.writeSync(3, `${JSON.stringify({ life, mark: name, ...members })}\n`)

mark('begin')
const path = join(dir, 'journal.jsonl')
const file = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT)
syncDirectory()
const text = fs.readFileSync(path, 'utf8')
const whole = text.slice(0, text.lastIndexOf('\n') + 1)
fs.ftruncateSync(file, Buffer.byteLength(whole))
let end = Buffer.byteLength(whole)
const known = new Map(
  [...whole.matchAll(/.+/g)].map(([line]) => {
    const { key, value } = JSON.parse(line)
    return [key, value]
  }),
)
mark('resolved', { epoch: life })

const outcome = {}
for (const step of stepsOf(JSON.parse(fs.readFileSync(workload, 'utf8')).root)) {
  const nonce = known.get(step.id) ?? settle(step)
  mark(
    'observed',
    nonce === 'unknown'
      ? { step: step.id, nonce: '', state: 'unknown' }
      : { step: step.id, nonce, state: 'done' },
  )
  outcome[step.id] = nonce
}
mark('done', { status: 'done', outcome })

function settle({ id, effect }) {
  const inDoubt = known.has(`intent ${id}`)
  if (effect === 'once' && !inDoubt) append(`intent ${id}`, true)
  const nonce = inDoubt ? 'unknown' : `${life}.${id}.${randomUUID()}`
  if (!inDoubt)
    mark('effect', {
      step: id,
      effect,
      key: `${runId}/${id}`,
      args: '',
      nonce,
      epoch: life,
      attempt: 1,
    })
  append(id, nonce)
  return nonce
}

function append(key, value) {
  end += fs.writeSync(file, `${JSON.stringify({ key, value })}\n`, end)
  fs.fdatasyncSync(file)
}

function stepsOf(task) {
  if (task.kind === 'step') return [task]
  const parts = task.of ?? task.iterations
  if (parts === undefined) throw new Error(`a ${task.kind} task: this worker knows steps in order`)
  return parts.flatMap(stepsOf)
}

function syncDirectory() {
  const directory = fs.openSync(dir)
  fs.fsyncSync(directory)
  fs.closeSync(directory)
}
