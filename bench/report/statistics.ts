/** The middle one, or the mean of the two middle ones; NaN of nothing. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The figure that so large a part (0 to 1) of the sorted figures does not exceed; NaN of nothing. */
export function percentile(sorted: readonly number[], part: number): number {
  const place = Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)
  return sorted[Math.max(0, place)] ?? Number.NaN
}

/** The median of what is there; undefined when nothing is. */
export function medianOf(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined)
  return known.length === 0 ? undefined : median(known)
}
