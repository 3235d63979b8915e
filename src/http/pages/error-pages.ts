import { TOPICS } from '../../explanations/all.ts'
import { type Explanation, READERS, type Reference } from '../../explanations/explanation.ts'
import { answerText, remediesOf } from '../../explanations/text.ts'
import { toHtml, toPage } from './page.ts'

/** The page of an error, at `/errors/<code>`; its links are relative, wherever a proxy puts it. */
export function errorPage(code: string, explanation: Explanation): string {
  const { title, cause, confirm, remedy, related = [], see = [] } = explanation
  const answer = answerText(code)
  const remedies = remediesOf(remedy).map(
    ([reader, what]) => `<dt>${toHtml(READERS[reader])}</dt><dd>${toHtml(what)}</dd>`,
  )
  return toPage(
    `${code}: ${title}`,
    [
      `<header><code>${code}</code><h1>${toHtml(title)}</h1>`,
      ...(answer === undefined ? [] : [`<p class="quiet">${toHtml(answer)}</p>`]),
      `</header>`,
      `<h2>Cause</h2><p>${toHtml(cause)}</p>`,
      `<h2>How to confirm</h2>${list(confirm.map(toHtml))}`,
      `<h2>What to do</h2><dl>${remedies.join('\n')}</dl>`,
      ...section(
        'Related',
        related.map((one) => `<a href="${one}"><code>${one}</code></a>`),
      ),
      ...section('Read on', see.map(referenceHtml)),
      '<footer><a href="../errors">All errors</a></footer>',
    ].join('\n'),
  )
}

/** The list of all errors, at `/errors`. */
export function errorIndex(): string {
  const topics = TOPICS.flatMap(({ title, explanations }) =>
    section(
      title,
      Object.entries(explanations).map(
        ([code, one]) => `<a href="errors/${code}"><code>${code}</code></a> ${toHtml(one.title)}`,
      ),
    ),
  )
  return toPage('Errors', ['<h1>Errors</h1>', `<p>${toHtml(ABOUT)}</p>`, ...topics].join('\n'))
}

const ABOUT =
  'Every error that this service answers with has a page: its cause, how to confirm it, what to do. Throw tokens away on `invalid_grant` and on nothing else. An answer has a `request_id`, by which the operator finds it in the log.'

function section(title: string, items: string[]): string[] {
  return items.length === 0 ? [] : [`<h2>${toHtml(title)}</h2>${list(items)}`]
}

function list(items: string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join('\n')}</ul>`
}

function referenceHtml({ text, url }: Reference): string {
  return url === undefined ? toHtml(text) : `<a href="${url}">${toHtml(text)}</a>`
}
