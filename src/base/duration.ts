const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** What a duration looks like in the configuration and on the command line: `30s`, `10m`, `24h`, `14d`. */
export const DURATION_PATTERN = '^(0|[1-9][0-9]{0,6})(s|m|h|d)$'

/** Seconds of a duration such as `10m`; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text)
  if (match === null) return undefined
  return Number(match[1]) * UNIT_SECONDS[match[2] as keyof typeof UNIT_SECONDS]
}

/** A duration in its largest whole unit: 600 is `10m`. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds !== 0 && seconds % UNIT_SECONDS[unit] === 0) {
      return `${seconds / UNIT_SECONDS[unit]}${unit}`
    }
  }
  return `${seconds}s`
}
