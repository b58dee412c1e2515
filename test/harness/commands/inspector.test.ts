import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { said, startCli } from './cli.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Killed after something was committed: life 2 recovers. */
const token = 'kp1:finished-run:file:abc:posix:K30'

it('replay --inspect: the recovering life waits for a debugger, tells where, and goes on when it is let', async () => {
  const child = startCli(['replay', token, '--inspect', '--inspect-port', '0'], root)
  const end = said(child)
  let told = ''
  const url = await new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      told += String(chunk)
      const found = /it waits now: ws:\/\/(\S+)/.exec(told)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  expect(told).toMatch(/life 2 waits for a debugger on 127\.0\.0\.1:\d+ before its first line/)
  const [address = '', id] = url.split('/')
  expect(told).toContain(`attach with: node inspect ${address} `)
  const answer = await fetch(`http://${address}/json/list`)
  expect(await answer.json()).toMatchObject([{ type: 'node', id }])
  await letGo(address, id ?? '')
  const { code, stdout } = await end
  expect(stdout).toContain('✓ HOLDS')
  expect(code).toBe(0)
})

/** What a debugger says that wants to see nothing; it then hangs up, because a process waits at its end for whoever looks. */
async function letGo(address: string, id: string): Promise<void> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
  }
  const asked = request(`http://${address}/${id}`, { headers }).end()
  const [, socket] = (await once(asked, 'upgrade')) as [unknown, Socket]
  const message = Buffer.from('{"id":1,"method":"Runtime.runIfWaitingForDebugger"}')
  // One whole text frame, with a mask that changes nothing.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), message]))
  await once(socket, 'data')
  socket.end()
}
