import { answerOf, TOPICS } from './all.ts'
import { type Explanation, READERS, type Reader, type Reference } from './explanation.ts'

const COLUMNS = 88

/** An explanation as text for a terminal, with a line break at its end. */
export function toText(code: string, explanation: Explanation): string {
  const { title, cause, confirm, remedy, related = [], see = [] } = explanation
  const answer = answerText(code)
  return [
    `${code}: ${title}`,
    ...(answer === undefined ? [] : [answer]),
    `\nCause\n${wrap(cause, '  ')}`,
    `\nHow to confirm\n${confirm.map((one) => wrap(one, '  - ', '    ')).join('\n')}`,
    `\nWhat to do\n${remediesOf(remedy)
      .map(([reader, what]) => `  ${READERS[reader]}:\n${wrap(what, '    ')}`)
      .join('\n')}`,
    ...(related.length === 0 ? [] : [`\nRelated\n${wrap(related.join(', '), '  ')}`]),
    ...(see.length === 0
      ? []
      : [`\nRead on\n${see.map((one) => `  ${referenceText(one)}`).join('\n')}`]),
    '',
  ].join('\n')
}

/** The list of all errors as text, with a line break at its end. */
export function indexText(): string {
  const topics = TOPICS.map(({ title, explanations }) => {
    const lines = Object.entries(explanations).map(([code, one]) => `  ${code}: ${one.title}`)
    return [title, ...lines].join('\n')
  })
  return `${topics.join('\n\n')}\n`
}

/** What an answer with this code says apart from it; undefined where nothing is fixed. */
export function answerText(code: string): string | undefined {
  const { status, error } = answerOf(code)
  if (status === undefined) return undefined
  return error === undefined
    ? `HTTP ${status}`
    : `HTTP ${status}; of an OAuth endpoint with "error": "${error}"`
}

/** The remedies that there are, in the order of their readers. */
export function remediesOf(remedy: Explanation['remedy']): [Reader, string][] {
  return (Object.keys(READERS) as Reader[]).flatMap((reader) => {
    const what = remedy[reader]
    return what === undefined ? [] : [[reader, what]]
  })
}

function referenceText({ text, url }: Reference): string {
  return url === undefined ? text : `${text}: ${url}`
}

/** Breaks a text into lines; what stands in backticks may be broken too, at its spaces. */
function wrap(text: string, first: string, others = first): string {
  const lines: string[] = []
  let line = first
  for (const word of text.split(' ')) {
    const isBegun = line !== first && line !== others
    if (isBegun && line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = `${others}${word}`
    } else {
      line += isBegun ? ` ${word}` : word
    }
  }
  return [...lines, line].join('\n')
}
