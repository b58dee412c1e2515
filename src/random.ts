/**
 * The one door to randomness: nonces that tell one life's bytes from another's. A harness hands in its own.
 */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** A new string of lower-case letters and digits, unlikely to have been made before. Fit for a file name. */
  readonly nonce: () => string
}

/** 96 random bits from the operating system, in hexadecimal. */
export const systemRandom: Random = {
  nonce: () => randomBytes(12).toString('hex'),
}
