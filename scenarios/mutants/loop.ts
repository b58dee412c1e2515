/** Mutants of the durable loop: its cursor, and the record that holds it. */
import type { Mutant } from '../../harness/mutate/mutant.ts'

export const loopMutants: readonly Mutant[] = [
  {
    id: 'B03-cursor-before-state',
    class: 'B03',
    title: 'the cursor of an iteration is committed by one record and its state by the next',
    file: 'src/loop.ts',
    find: 'if (!(await commitIteration(scope, record))) return',
    replace: `await scope.commit({ ...record, state })
    if (!(await commitIteration(scope, record))) return`,
    verdicts: ['DIVERGED', 'LOST_EFFECT'],
    scenarios: ['loop'],
    needs: 'kill',
    cites: ['OpenHands/software-agent-sdk#4487'],
  },
  {
    id: 'B03-state-before-cursor',
    class: 'B03',
    title: 'the state of an iteration is committed by one record and its cursor by the next',
    file: 'src/loop.ts',
    find: 'if (!(await commitIteration(scope, record))) return',
    replace: `await scope.commit({ ...record, index: index - 1 })
    if (!(await commitIteration(scope, record))) return`,
    verdicts: ['REDONE'],
    scenarios: ['loop'],
    needs: 'kill',
    cites: ['langchain-ai/langgraphjs#1996'],
  },
  {
    id: 'B18-cursor-in-memory',
    class: 'B18',
    title: 'a restart begins the loop at its first iteration',
    file: 'src/loop.ts',
    find: 'const last = scope.recorded.iterated.get(key)',
    replace: 'const last = undefined as IterateRecord | undefined',
    verdicts: ['REDONE'],
    scenarios: ['loop'],
    needs: 'kill',
    cites: ['microsoft/agent-framework#5009'],
  },
  {
    id: 'B18-cursor-ahead',
    class: 'B18',
    title: 'an iteration is committed before its body runs',
    file: 'src/loop.ts',
    find: 'const iteration = await iterateOnce(scope, loopRun, state, index)',
    replace: `await scope.commit({ type: 'iterate', key, args, index, state, done: false })
    const iteration = await iterateOnce(scope, loopRun, state, index)`,
    verdicts: ['LOST_EFFECT', 'DIVERGED', 'REDONE'],
    scenarios: ['loop'],
    needs: 'kill',
    cites: ['mastra-ai/mastra#21749'],
  },
  {
    id: 'B18-iteration-again',
    class: 'B18',
    title: 'a restart runs the last committed iteration again',
    file: 'src/loop.ts',
    find: 'for (let index = last === undefined ? 0 : last.index + 1; ; index++) {',
    replace: 'for (let index = last === undefined ? 0 : last.index; ; index++) {',
    verdicts: ['REDONE'],
    scenarios: ['loop'],
    needs: 'kill',
    cites: ['microsoft/agent-framework#5009'],
  },
]
