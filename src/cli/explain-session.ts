import { toWireSessionExplanation } from '../http/admin/wire-session-story.ts'
import { createExplainSession } from '../stories/explain-session.ts'
import type { SessionStory } from '../stories/session-story.ts'
import type { Told } from '../stories/tell-event.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { when } from './times.ts'

/** Tells the story of a session, by its sid, the jti of one of its tokens or the id of a request. */
export async function explainSession(id: string): Promise<Answer> {
  const explanation = await withDeployment(['issuer'], ({ database, clock, config }) =>
    createExplainSession({ db: database.kysely, clock, ...config })(id),
  )
  const { kind, sentences, request, stories } = explanation
  const blocks = [
    sentences.join('\n'),
    ...request.map(line),
    ...(request.length > 0 ? [''] : []),
    ...stories.flatMap(storyLines),
  ]
  return {
    json: toWireSessionExplanation(explanation),
    text: blocks.join('\n').trim(),
    good: kind !== 'unknown',
  }
}

/** One line of a chronicle: `2026-11-21 12:00:00Z  A session started …`. */
export function line({ at, sentence }: Told): string {
  return `${when(at)}  ${sentence}`
}

function storyLines({ paragraphs, chronicle, advice, page }: SessionStory): string[] {
  return [
    ...paragraphs.flatMap((sentences) => [...sentences, '']),
    ...section('What happened', chronicle.map(line)),
    ...section('What to do', [...advice, ...(page === undefined ? [] : [`More: ${page}`])]),
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((one) => `  ${one}`), '']
}
