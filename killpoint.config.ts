import { defineConfig } from './harness/config.ts'
import { fileSystemUnderTest } from './harness/systems/reference.ts'

export default defineConfig({ systems: [fileSystemUnderTest()] })
