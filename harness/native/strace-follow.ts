/** What calls that are no ops of their own do to the descriptors and the working directory of a process. */
import { Arguments, type Surroundings } from './strace-calls.ts'
import { descriptorOf, pathOf, splitArguments, type CallResult } from './strace-output.ts'
import type { OpenFile } from './strace-processes.ts'

/** Calls that strace shows besides the ops. */
export const followedCalls: readonly string[] = [
  ...'close close_range dup dup2 dup3 fcntl lseek read readv chdir fchdir'.split(' '),
  ...'mmap mmap2 execve execveat clone clone3 fork vfork'.split(' '),
]

/** Takes a call that succeeded. */
export function follow(
  name: string,
  text: string,
  { value, path }: Extract<CallResult, { kind: 'value' }>,
  around: Surroundings,
): void {
  const { process } = around
  const all = splitArguments(text)
  const [first = '', second = '', third = ''] = all
  const descriptor = descriptorOf(first) ?? -1
  const file = process.files.get(descriptor)?.file
  switch (name) {
    case 'open':
    case 'openat':
    case 'openat2':
    case 'creat':
      return process.open(value, opened(path, text, around), text.includes('O_CLOEXEC'))
    case 'close':
      return void process.files.delete(descriptor)
    case 'close_range':
      return process.closeRange(descriptor, lastOf(second), third.includes('CLOEXEC'))
    case 'dup':
    case 'dup2':
    case 'dup3':
      return process.copy(descriptor, value, third.includes('O_CLOEXEC'))
    case 'fcntl':
      if (second.startsWith('F_DUPFD')) process.copy(descriptor, value, second.includes('CLOEXEC'))
      if (second === 'F_SETFL' && file !== undefined) file.appends = third.includes('O_APPEND')
      if (second === 'F_SETFD') process.setClosesOnExec(descriptor, third.includes('FD_CLOEXEC'))
      return
    case 'lseek':
      if (file !== undefined) file.offset = value
      return
    case 'read':
    case 'readv':
      if (file?.offset !== undefined) file.offset += value
      return
    case 'chdir':
      process.directory = around.tree.truePath(
        process.directory,
        new Arguments(all, around).string(0) ?? '.',
        true,
      )
      return
    case 'fchdir':
      process.directory = pathOf(first) ?? process.directory
      return
    case 'execve':
    case 'execveat':
      return process.exec()
    default:
  }
}

function opened(path: string | undefined, flags: string, { tree, ledger }: Surroundings): OpenFile {
  const below = path === undefined ? undefined : tree.below(path)
  const node = below === undefined ? undefined : tree.at(below)
  return {
    isLedger: path === ledger,
    offset: 0,
    appends: flags.includes('O_APPEND'),
    synced: /\bO_D?SYNC\b/.test(flags),
    ...(below === undefined || node === undefined ? {} : { node, path: below }),
  }
}

function lastOf(text: string): number {
  return descriptorOf(text) ?? Infinity
}
