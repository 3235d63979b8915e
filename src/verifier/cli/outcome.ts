/** How a command ends; the same codes as those of the service's own command line. */
export const EXIT = { ok: 0, no: 1, usage: 2, unavailable: 3 } as const

/** What a command has to say. */
export interface Outcome {
  /** For people. */
  readonly text: string
  /** For programs. */
  readonly json: unknown
  readonly exitCode: number
}

/** A command that cannot go on; the message says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly exitCode: number

  constructor(code: string, message: string, exitCode: number = EXIT.usage) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}
