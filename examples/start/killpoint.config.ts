/** What `npx killpoint run` tests: your system, over these scenarios. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'killpoint'
import { orders } from './killpoint/scenario.ts'

export default defineConfig({
  systems: [
    {
      kind: 'runtime',
      name: 'worker',
      program: {
        kind: 'script',
        entry: fileURLToPath(new URL('killpoint/worker.ts', import.meta.url)),
      },
      // What your system promises, and so what it is judged by. `npx killpoint list` tells all claims there are.
      claims: ['process', 'keyed', 'once', 'parallel', 'terminal'],
      // How long it may take until a run is taken over whose owner died.
      takeoverMsMax: 0,
    },
    // A journal backend of your own, under a worker that ships with killpoint and claims much more:
    //   import { allClaims, backendSystem } from 'killpoint'
    //   backendSystem({ name: 'mine', module: 'my-backend.ts', claims: allClaims })
  ],
  // Add those that ship with killpoint: import { scenarios } from 'killpoint/scenarios'
  scenarios: [orders],
})
