/** What is measured only when it is asked for by name: it takes minutes, or gigabytes. */
export const QUESTIONS = ['flat', 'logins', 'million', 'memory', 'start', 'wal'] as const
export type QuestionName = (typeof QUESTIONS)[number]
