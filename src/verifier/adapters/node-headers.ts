/**
 * The values of a header that came as Node keeps them raw: of two Authorization headers it shows the
 * first alone otherwise.
 * @param name in lower case
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  )
}
