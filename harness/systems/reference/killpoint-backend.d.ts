/** Stands for the module under test; the bundler puts it in its place. */
declare module 'killpoint:backend' {
  export const createBackend: import('./backend.ts').CreateBackend
}
