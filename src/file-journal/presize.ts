/**
 * How long a segment is made ahead of its records: for the writer, which does it, and for the reader, which can tell
 * from it that a file was cut.
 *
 * A segment that has grown to `end` bytes is made as long again, up to a limit, and to a whole page. That length is
 * durable with the batch that needed it. It depends on nothing but the segment itself (J10).
 */

const pageBytes = 4096

/** The length to give a segment that is `allocated` bytes long and is to hold `end` bytes. */
export function presized(end: number, allocated: number, presizeBytesMax: number): number {
  if (end <= allocated) return allocated
  if (presizeBytesMax === 0) return end
  return Math.ceil((end + Math.min(end, presizeBytesMax)) / pageBytes) * pageBytes
}
