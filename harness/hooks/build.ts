/** The hooks as plain files: what workers load first, and the programs that prove which forms it sees. */
import { buildProgram } from '../own-programs.ts'

/** Where calls are seen: at the internal binding, or, where that cannot be, at the public functions. */
export type DoorKind = 'binding' | 'public'

/** Path of the built preload. */
export function buildPreload(door: DoorKind = 'binding'): Promise<string> {
  const name = door === 'binding' ? 'preload' : 'preload-public'
  return buildProgram(new URL(`./${name}`, import.meta.url), { minify: true })
}

/** Path of the built program that runs all forms (`forms/main.ts`). */
export function buildForms(): Promise<string> {
  return buildProgram(new URL('./forms/main', import.meta.url), { format: 'esm' })
}

/** Path of the built program that runs all forms of connections (`forms/wire-main.ts`). */
export function buildWireForms(): Promise<string> {
  return buildProgram(new URL('./forms/wire-main', import.meta.url), { format: 'esm' })
}
