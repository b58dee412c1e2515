// One side of the disk door's bench: runs blocks of file calls on command (`WHAT COUNT` lines on stdin), prints nanoseconds per op.
import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const directory = process.argv[2]
const bytes = Buffer.alloc(200, 97)
const fd = fs.openSync(join(directory, 'sync'), 'w')
const handle = await fs.promises.open(join(directory, 'promise'), 'w')
let position = 0
// The file stays small, so that the disk does not fill up: 1 000 places for 200 bytes.
const place = () => (position = (position + 200) % 200_000)

const blocks = {
  write: (count) => {
    for (let index = 0; index < count; index++) fs.writeSync(fd, bytes, 0, 200, place())
  },
  'write and datasync': (count) => {
    for (let index = 0; index < count; index++) {
      fs.writeSync(fd, bytes, 0, 200, place())
      fs.fdatasyncSync(fd)
    }
  },
  'promise write': async (count) => {
    for (let index = 0; index < count; index++) await handle.write(bytes, 0, 200, place())
  },
  'open, close and unlink': (count) => {
    for (let index = 0; index < count; index++) {
      fs.closeSync(fs.openSync(join(directory, 'new'), 'w'))
      fs.unlinkSync(join(directory, 'new'))
    }
  },
  writeFile: (count) => {
    for (let index = 0; index < count; index++) fs.writeFileSync(join(directory, 'whole'), 'text')
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [, what, number] = /^(.*) (\d+)$/.exec(line)
  const count = Number.parseInt(number, 10)
  const start = process.hrtime.bigint()
  await blocks[what](count)
  console.log(Number(process.hrtime.bigint() - start) / count)
}
