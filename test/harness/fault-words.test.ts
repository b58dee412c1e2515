import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFaults } from '../../harness/fault-parse.ts'
import { faultWords } from '../../harness/fault-words.ts'
import { schedules } from './arbitraries.ts'

test.each([
  ['K37', 'killed before op 37'],
  ['K1.2@37/17', 'killed inside op 37 of stream 1.2, 17 bytes done'],
  ['K37=l38_39/1', 'killed before op 37, lost: op 38, op 39 (first 1 byte)'],
  ['P41+', 'power loss after op 41'],
  ['P41+=k38/0z', 'power loss after op 41, kept: op 38 (first 0 bytes then zeros)'],
  ['P41=l', 'power loss before op 41, nothing is lost'],
  ['P41=l38/5-9', 'power loss before op 41, lost only: op 38 (bytes 5 to 9)'],
  ['E37=EIO.drop', 'EIO before op 37, its pages are dropped'],
  ['E37/17=ENOSPC.sticky', 'ENOSPC inside op 37, 17 bytes done and at every later op of its kind'],
  ['F9=EACCES.sticky', 'EACCES at read 9 and every later one'],
  ['Q4096', 'ENOSPC after 4096 more bytes'],
  ['W37/17', 'short write inside op 37, 17 bytes done'],
  ['L37=sticky', 'sync 37 lies, and every later one'],
  ['S37=3', 'sync 37 is late by 3 ops'],
  ['M37=cut', 'connection cut before message 37'],
  ['M37+=cut', 'connection cut in place of the answer: message 37'],
  ['M1=refuse', 'connection refused before message 1'],
  ['M37+=delay.250', 'answer late by 250 turns: message 37'],
  ['M37=kill', 'killed before message 37'],
  ['M37+=kill', 'killed after message 37'],
  ['M3=server-kill', 'service 1 killed before message 3'],
  ['M3+=server-kill', 'service 1 killed after message 3'],
  ['M1.2@37+=kill-answered', 'killed when the answer came: message 37 of stream 1.2'],
  ['Z37=done', 'stopped before op 37, goes on when its successor has ended'],
  ['Z37=50+', 'stopped before op 37, goes on when its successor is after op 50'],
  ['T37', 'SIGTERM before op 37'],
  ['V37=signal.2', 'signal 2 from outside before op 37'],
  ['V37=cancel', 'cancel from outside before op 37'],
  ['X37=2', 'service 2 killed before op 37'],
  ['H37', 'heap exhausted before op 37'],
  ['C-5000', 'clock back by 5000 ms before it starts'],
  ['R2=byte.117.1', 'file 2 byte 117 changed before it starts'],
  ['R2=nul.1-9', 'file 2 bytes 1 to 9 zeroed before it starts'],
  ['R2=line.5', 'file 2 line 5 cut in the middle before it starts'],
  ['R2=swap.3.5', 'file 2 lines 3 and 5 swapped before it starts'],
  ['R2=cut.100', 'file 2 truncated to 100 bytes before it starts'],
  ['R0=gone', 'every file deleted before it starts'],
  ['N3=5', '3 resumers at once, held before op 5'],
])('%s: %s', (text, words) => {
  expect(parseFaults(text).map(faultWords)).toEqual([words])
})

test('every fault has words without holes (law)', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      for (const fault of schedule.flat())
        expect(faultWords(fault)).not.toMatch(/undefined|NaN| {2}/)
    }),
    { seed: 41 },
  )
})
