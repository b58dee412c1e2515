/**
 * Where words go: what a command says is on standard output, progress on standard error. With `--json` standard output holds
 * one JSON value and nothing else. Colour only where somebody looks and `NO_COLOR` is not set.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import picocolors from 'picocolors'
import { progressOn, type Progress } from './progress.ts'
import { visibleJson } from './visible.ts'
import { writing } from './write-trouble.ts'

/** Words that may be coloured. */
export interface Ink {
  readonly bad: (text: string) => string
  readonly good: (text: string) => string
  readonly doubt: (text: string) => string
  readonly dim: (text: string) => string
}

/** No colour at all. */
export const plainInk: Ink = { bad: same, good: same, doubt: same, dim: same }

/** A command's way to the world. */
export interface Output {
  /** A line for a person; nothing where the output is for a machine. */
  readonly say: (line: string) => void
  /** The result for a machine; nothing where the output is for a person. */
  readonly json: (value: unknown) => void
  readonly ink: Ink
  /** Progress of long work. */
  readonly progress: () => Progress
}

/** How a command was asked to answer. */
export interface Answering {
  /** The result as JSON, and nothing else. */
  readonly json?: boolean
  /** The result as `result.json` in this directory too. */
  readonly out?: string
}

/** True once standard output has its one value: what goes wrong behind it is told by the exit code, and on standard error. */
let isAnswered = false

/** True where a machine has been answered. */
export function hasAnswered(): boolean {
  return isAnswered
}

/** The output of this process. */
export function standardOutput({ json = false, out }: Answering = {}): Output {
  // Off a terminal `isTTY` is undefined, and picocolors takes undefined for "decide yourself": in CI it decides for colour.
  const isTerminal = Boolean(process.stdout.isTTY)
  const colors = picocolors.createColors(isTerminal && picocolors.isColorSupported)
  return {
    say: (line) => {
      if (!json) process.stdout.write(`${line}\n`)
    },
    json: (value) => {
      const text = `${visibleJson(JSON.stringify(value, undefined, 2))}\n`
      if (json) {
        process.stdout.write(text)
        isAnswered = true
      }
      if (out !== undefined) writeResult(out, text)
    },
    ink: { bad: colors.red, good: colors.green, doubt: colors.yellow, dim: colors.dim },
    progress: () => progressOn(process.stderr, json),
  }
}

/** An output that keeps what is said, without colour: for tests. */
export function keptOutput(json = false): Output & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    say: (line) => {
      if (!json) lines.push(...line.split('\n'))
    },
    json: (value) => {
      if (json) lines.push(...JSON.stringify(value, undefined, 2).split('\n'))
    },
    ink: plainInk,
    progress: () => progressOn(process.stderr, true),
  }
}

function writeResult(directory: string, text: string): void {
  const file = join(directory, 'result.json')
  writing(file, () => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(file, text)
  })
}

function same(text: string): string {
  return text
}
