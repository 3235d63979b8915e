import type { Caller, ScheduleStep } from './schedule.ts'
import type { Policy } from './table.ts'

/** A step of a schedule as one would tell it. */
export function describe(step: ScheduleStep): string {
  switch (step.do) {
    case 'refresh':
      return step.callers.map(describeCaller).join('; at once ')
    case 'wait':
      return `${step.ms / 1000} s pass`
    case 'wait for':
      return `time passes until ${step.ms} ms from the end of the ${step.edge}`
    case 'end':
      return `the session is ended: ${step.reason}`
    case 'back up':
      return 'the database is backed up'
    case 'restore':
      return 'the database is set back to the backup, or to the start'
    case 'set policy':
      return `both instances start anew with ${describePolicy(step.policy)}`
  }
}

export const describePolicy = (policy: Policy): string =>
  `a retry window of ${policy.retryWindow / 1000} s, a recovery window of ${policy.recoveryWindow / 1000} s, recovery ${policy.recovery}, ahead ${policy.acceptAhead ? 'accepted' : 'refused'}`

function describeCaller(caller: Caller): string {
  const said = [
    `${caller.actor} presents ${caller.takes} at replica ${caller.replica}`,
    caller.client === 'other' ? 'as another client' : [],
    caller.key === undefined ? [] : `with ${caller.key}`,
    caller.scope.length === 0 ? [] : `asking for scope ${caller.scope.join(' ')}`,
    caller.resources.length === 0 ? [] : `asking for ${caller.resources.join(' ')}`,
    caller.loses === 'nothing' ? [] : `and loses ${caller.loses}`,
  ]
  return said.flat().join(', ')
}
