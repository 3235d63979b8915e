import type { Question } from './finding.ts'
import { flat } from './flat.ts'
import { logins } from './logins.ts'
import { memory } from './memory.ts'
import { million } from './million.ts'
import type { QuestionName } from './names.ts'
import { start } from './start.ts'
import { wal } from './wal.ts'

export const ALL: Record<QuestionName, Question> = { flat, logins, million, memory, start, wal }
