import { answerOf, explain, TOPICS } from '../explanations/all.ts'
import { indexText, toText } from '../explanations/text.ts'
import type { Answer } from './answer.ts'
import { CommandFailure } from './failure.ts'

/** Tells what an error means, as its page does; without a code, which errors there are. */
export async function explainReason(code: string | undefined): Promise<Answer> {
  if (code === undefined) return { json: { errors: listOfAll() }, text: indexText() }
  const explanation = explain(code)
  if (explanation === undefined) {
    const message = 'no error has this name: mintmark explain reason lists all of them'
    throw new CommandFailure('reason_unknown', message)
  }
  return {
    json: { code, ...answerOf(code), ...explanation },
    text: toText(code, explanation),
  }
}

function listOfAll() {
  return TOPICS.flatMap(({ explanations }) =>
    Object.entries(explanations).map(([code, { title }]) => ({ code, title })),
  )
}
