/** Whether a result that stands says what was recorded; asked where only that tells whose result it is. */
import { jsonEqual, type JsonValue } from '../json.ts'
import { member } from './shape.ts'

/**
 * `as-built`: the way our own results are written. `otherwise`: in a way that other programs write them.
 */
export type Says = 'as-built' | 'otherwise' | 'no'

/** For formats whose results hold what they say in one member. */
export function saysIn(key: string): (standing: JsonValue, built: JsonValue) => Says {
  return (standing, built) => {
    const [said, ours] = [member(standing, key), member(built, key)]
    if (said === undefined || ours === undefined) return said === ours ? 'as-built' : 'no'
    return jsonEqual(said, ours) ? 'as-built' : 'no'
  }
}
