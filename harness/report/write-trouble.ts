/** What is told where an answer was there and could not be written: a full disk, a directory that was taken away. */
import { HarnessError } from '../errors.ts'

/** The error for a file, or for standard output, that could not be written. */
export function writeTrouble(where: string, cause: unknown): HarnessError {
  const { code = 'unknown', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>
  return new HarnessError('OUTPUT_WRITE', `${where} cannot be written: ${message}`, {
    hint: 'make room there, or write to another place; what was written is not whole',
    details: { where, errno: code },
    cause,
  })
}

/** Writes something. @throws HarnessError `OUTPUT_WRITE` naming where, whatever the disk says */
export function writing(where: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw writeTrouble(where, error)
  }
}
