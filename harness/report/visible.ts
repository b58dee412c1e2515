/**
 * Text that somebody else wrote, made safe to look at: whatever a record holds, it moves no cursor, changes no colour and turns
 * no line around. It is shown as JSON would write it.
 */

/** Controls (C0, DEL, C1), marks that turn text around, and line ends that are none to most programs. */
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const charsMax = 80

/** The text with every harmful character as `\uXXXX`. */
export function visible(text: string): string {
  return text.replaceAll(
    harmful,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Lines that somebody else wrote, each behind a bar: none of them begins a command in a pipeline's log. */
export function quoted(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `| ${visible(line)}`)
}

/** The same for a text that is JSON: its own line ends stay, what is escaped means the same. */
export function visibleJson(json: string): string {
  return json.replaceAll(harmful, (character) =>
    character === '\n' ? character : visible(character),
  )
}

/** A JSON value on one line. */
export function short(value: unknown): string {
  return clipped(visible(JSON.stringify(value) ?? 'nothing'))
}

/** A text of at most 80 characters. */
export function clipped(text: string): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`
}
