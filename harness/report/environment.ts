/** What a report says of where it was made: enough for somebody else to make it again. */
import { execFileSync } from 'node:child_process'
import type { Versions } from '../failure-text.ts'
import { packageVersion } from './version.ts'

export interface Environment {
  readonly killpoint: string
  readonly node: string
  readonly platform: string
  /** `3fa91c2 (clean)`, `3fa91c2 (dirty)`, or `none`. */
  readonly git: string
}

/** Reads versions and the state of the git checkout in `directory`. */
export function readEnvironment(directory: string): Environment {
  return {
    killpoint: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    git: gitState(directory),
  }
}

/** The one line of it: `killpoint 0.4.0  node 20.20.2  linux x64  git 3fa91c2 (clean)`. */
export function environmentLine({ killpoint, node, platform, git }: Environment): string {
  return `killpoint ${killpoint}  node ${node}  ${platform}  git ${git}`
}

/** The same as the text of a failure tells it. */
export function versionsOf(
  { killpoint, node, platform, git: state }: Environment,
  profile: string,
): Versions {
  const [head, isClean] = state === 'none' ? [] : [state.split(' ')[0], state.endsWith('(clean)')]
  return {
    killpoint,
    node,
    platform,
    ...(head === undefined || isClean === undefined ? {} : { git: { head, isClean } }),
    profile,
  }
}

/** The commit of the checkout in a directory, 12 hexadecimal digits; `undefined` where there is none. */
export function gitCommit(directory: string): string | undefined {
  return git(directory, ['rev-parse', 'HEAD'])?.slice(0, 12)
}

function gitState(directory: string): string {
  const head = git(directory, ['rev-parse', '--short', 'HEAD'])
  if (head === undefined) return 'none'
  const changes = git(directory, ['status', '--porcelain'])
  return `${head} (${changes === '' ? 'clean' : 'dirty'})`
}

function git(directory: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    // No git, or no checkout: a report says `none`.
    return undefined
  }
}
