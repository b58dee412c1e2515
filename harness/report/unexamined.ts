/** Claims of a result that nothing in it could have broken, although every case holds. */
import type { Result } from './result/result.ts'

/**
 * One sentence each. What a power loss takes only the explorer shows: a kill leaves the page cache. So `power` is not known of a system
 * of which no crash state was checked.
 */
export function unexamined({
  systems,
  explored,
}: Pick<Result, 'systems' | 'explored'>): readonly string[] {
  return systems.flatMap(({ name, claims }) => {
    if (!claims.includes('power')) return []
    const own = explored.filter(({ system }) => system === name)
    if (own.some(({ counts }) => (counts['checked'] ?? 0) > 0)) return []
    const why = own.find(({ skipped }) => skipped !== undefined)?.skipped
    const told = `power of ${name}: no crash state of it was explored`
    return [why === undefined ? told : `${told}: ${why}`]
  })
}
