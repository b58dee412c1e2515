import { defineConfig, fileSystemUnderTest } from 'killpoint'

export default defineConfig({ systems: [fileSystemUnderTest()] })
