declare module 'killpoint:identity' {
  export { toldIdentity } from '../../../harness/systems/reference/identity.ts'
}
