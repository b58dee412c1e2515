import { defineConfig } from 'vitest/config'

/** Tests that change the process they run in: the hooks replace what Node's own modules call. */
const changing = ['test/harness/hooks/**/*.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/build.ts'],
    // Real processes are started, stopped and killed here; a hang is reported by the test itself, this is the net below.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // More than the cores of the smallest machine: much of the time is spent waiting for processes and for disks.
    maxWorkers: 4,
    reporters: ['default', ['json', { outputFile: '.killpoint/vitest.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: changing,
          // Modules are loaded once for all files of a process: to load them anew took a fifth of all the time.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'own', include: changing } },
    ],
  },
})
