/**
 * The workflow, as the compiler of the SDK would leave it in workflow mode: it runs in the engine's sandbox, again from its beginning
 * after each step, and is given the results of finished steps out of the event log.
 *
 * https://useworkflow.dev/docs/how-it-works/code-transform
 */
const step = globalThis[Symbol.for('WORKFLOW_USE_STEP')]('step//./worker//doStep')

async function run(task) {
  switch (task.kind) {
    case 'step': {
      const nonce = await step(task)
      // The sandbox has no files; its console is that of the process. The worker makes a mark of this line.
      console.debug('observed', task.id, nonce)
      return { [task.id]: nonce }
    }
    case 'sequence':
      return await inOrder(task.of)
    case 'loop':
      return await inOrder(task.iterations)
    case 'parallel':
      return Object.assign({}, ...(await Promise.all(task.of.map(run))))
    default:
      throw new Error(`no tasks of kind ${task.kind}`)
  }
}

async function inOrder(tasks) {
  const outcome = {}
  for (const task of tasks) Object.assign(outcome, await run(task))
  return outcome
}

globalThis.__private_workflows = new Map([['workflow//./worker//run', run]])
