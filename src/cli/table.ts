/** An aligned table; an empty one says `none` instead. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): string {
  return rows.length === 0 ? none : align([headings.map((one) => one.toUpperCase()), ...rows])
}

/** Names and values, one a line. Values that are undefined are left out. */
export function facts(values: Readonly<Record<string, string | undefined>>): string {
  return align(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function align(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(onOneLine))
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => [...(row[column] ?? '')].length)),
  )
  return cells
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length))
}

/** A cell must not look like a row of its own; that nothing steers the terminal is seen to for all text. */
function onOneLine(cell: string): string {
  return cell.replaceAll('\n', '\uFFFD')
}

/** `1 session`, `2 sessions`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
