import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // Real processes are started, stopped and killed here; a hang is reported by the test itself, this is the net below.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One more than the cores of the smallest machine: much of the time is spent waiting for processes and for disks.
    maxWorkers: 3,
    reporters: ['default', ['json', { outputFile: '.killpoint/vitest.json' }]],
  },
})
