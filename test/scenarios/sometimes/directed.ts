/** The directed cases of a sometimes property, as text. */
import { stringifySchedule } from '../../../harness/fault-text.ts'
import type { Control, Sometimes } from '../../../harness/scenario.ts'

export function directedSchedules({ directed }: Sometimes, control: Control): readonly string[] {
  const plans = [directed?.(control) ?? []].flat()
  return plans.map(({ schedule }) => stringifySchedule(schedule))
}
