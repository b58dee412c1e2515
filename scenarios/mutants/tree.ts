/** Mutants of the driver tree: children, delivery, cancel, lives and the contract of a run. */
import type { Mutant } from '../../harness/mutate/mutant.ts'

export const treeMutants: readonly Mutant[] = [
  {
    id: 'B15-asking-order',
    class: 'B15',
    title: 'on resume, results are handed out in the order in which they are asked for',
    file: 'src/delivery.ts',
    find: '    const waiter = deferred<Settlement>()\n',
    replace: `    const known = this.queue.find((slot) => slot.key === key)
    if (known?.settlement !== undefined && this.recordedLeft > 0) {
      this.queue.splice(this.queue.indexOf(known), 1)
      this.recordedLeft -= 1
      this.stir()
      return Promise.resolve(known.settlement)
    }
    const waiter = deferred<Settlement>()
`,
    verdicts: ['DIVERGED', 'WEDGED'],
    scenarios: ['supervisor'],
    needs: 'kill',
    cites: ['temporalio/sdk-typescript#1744'],
  },
  {
    id: 'B15-unknown-forgotten',
    class: 'B15',
    title: 'a result that was reported as unknown is a success when it is given again',
    file: 'src/settlement.ts',
    find: "    case 'unknown':\n",
    replace:
      "    case 'unknown':\n      if (record.value === undefined) return { nonce: 'unknown' }\n",
    verdicts: ['DIVERGED', 'BROKEN_TRANSCRIPT'],
    scenarios: ['loop', 'tool-batch'],
    needs: 'kill',
    cites: ['inngest/inngest-js#1248'],
  },
  {
    id: 'B17-child-in-memory',
    class: 'B17',
    title: 'the end of a child is told to its parent and not recorded',
    file: 'src/children.ts',
    find: "return this.parent.commitSettlement({ type: 'settle', key, kind: 'child', args, ...outcome })",
    replace: `const { delivery } = this.parent
    const record = { type: 'settle', key, kind: 'child', args, ...outcome } as const
    delivery.fill(delivery.take(key), { key, seq: 0, record })
    return Promise.resolve()`,
    verdicts: ['BROKEN_TREE', 'REDONE'],
    scenarios: ['supervisor'],
    needs: 'kill',
    cites: ['mastra-ai/mastra#24780'],
  },
  {
    id: 'B17-child-run-again',
    class: 'B17',
    title: 'a child that settled runs again when its parent does',
    file: 'src/scope.ts',
    find: 'if (this.closing === undefined && !this.recorded.settled.has(unit.key))',
    replace:
      "if (this.closing === undefined && (unit.kind === 'child' || !this.recorded.settled.has(unit.key)))",
    verdicts: ['BROKEN_TREE', 'REDONE'],
    scenarios: ['supervisor'],
    needs: 'kill',
    cites: ['n8n-io/n8n#23807'],
  },
  {
    id: 'B17-later-settle-wins',
    class: 'B17',
    title:
      'a cancel that comes when a child has settled is recorded, and overwrites what it settled as',
    file: 'src/run-view.ts',
    find: '  if (scope.settled.has(key)) return\n  scope.settled.set(key, settlement)\n',
    replace: '  scope.settled.set(key, settlement)\n',
    also: {
      file: 'src/children.ts',
      find: '    if (this.settling === undefined) {\n      const told',
      replace: "    if (this.spec.key !== '') {\n      const told",
    },
    verdicts: ['BROKEN_TREE', 'DIVERGED'],
    scenarios: ['supervisor'],
    needs: 'kill',
    cites: ['mastra-ai/mastra#24780'],
  },
  {
    id: 'B17-cancel-forgotten',
    class: 'B17',
    title: 'a cancel is known only to the life that was told of it',
    file: 'src/mailbox.ts',
    find: '      const isNews = this.messages.some(({ id }) => !known.has(id))\n',
    replace: `      const isNews = this.messages.some(({ id }) => !known.has(id))
      this.before ??= new Set(this.messages.map(({ id }) => id))
      this.messages = this.messages.filter(({ id, kind }) => kind === 'signal' || !this.before.has(id))
`,
    verdicts: ['BROKEN_TREE', 'DIVERGED'],
    scenarios: ['cancel'],
    needs: 'act',
    cites: ['openclaw/openclaw#142445'],
  },
  {
    id: 'B17-cancel-consumed-first',
    class: 'B17',
    title: 'a cancel is taken out of the inbox before the end of the run is recorded',
    file: 'src/run.ts',
    find: "        await this.endWith({ type: 'end', status: 'cancelled', error, message: id })\n",
    replace: `        await this.mailbox?.consume(id)
        await this.endWith({ type: 'end', status: 'cancelled', error, message: id })
`,
    verdicts: ['BROKEN_TREE', 'DIVERGED'],
    scenarios: ['cancel'],
    needs: 'act',
    cites: ['openclaw/openclaw#142445'],
  },
  {
    id: 'B23-finished-run-again',
    class: 'B23',
    title: 'the record that ends a run is not looked at when the run is started again',
    file: 'src/run-view.ts',
    find: '      view.end = record\n',
    replace: '',
    verdicts: ['BROKEN_TREE', 'DIVERGED', 'REDONE'],
    scenarios: ['cancel', 'finished-run'],
    needs: 'act',
    cites: [],
  },
  {
    id: 'B23-contract-not-compared',
    class: 'B23',
    title: 'a run is resumed with whatever task it is given',
    file: 'src/contract.ts',
    find: '  for (const [member, came] of Object.entries(contract)) {\n',
    replace:
      "  for (const [member, came] of Object.entries(contract).filter(([name]) => name === 'driver')) {\n",
    verdicts: ['DIVERGED', 'REDONE'],
    scenarios: ['mismatched-resume'],
    needs: 'kill',
    cites: [],
  },
  {
    id: 'B24-lives-forgotten',
    class: 'B24',
    title: 'lives that died are not counted',
    file: 'src/lives.ts',
    find: 'return lives.filter(({ epoch, ended }) => epoch > progressEpoch && ended',
    replace: 'return lives.filter(({ epoch, ended }) => epoch > progressEpoch + 99 && ended',
    verdicts: ['WEDGED'],
    scenarios: ['poison'],
    needs: 'kill',
    cites: [],
  },
  {
    id: 'B24-progress-not-seen',
    class: 'B24',
    title: 'lives are counted from the first one, also where others made progress between them',
    file: 'src/lives.ts',
    find: 'return lives.filter(({ epoch, ended }) => epoch > progressEpoch && ended',
    replace:
      'return lives.filter(({ epoch, ended }) => epoch > Math.min(0, progressEpoch) && ended',
    verdicts: ['DIVERGED'],
    scenarios: ['poison-survived', 'recovery'],
    needs: 'kill',
    cites: [],
  },
  {
    id: 'B25-stop-ignored',
    class: 'B25',
    title: 'a run that is asked to stop begins what comes next',
    file: 'src/run.ts',
    find: '    if (this.stopReason !== undefined && !hasBegun) await this.over\n',
    replace: '',
    verdicts: ['WEDGED'],
    scenarios: ['loop'],
    needs: 'act',
    cites: [],
  },
]
