import type { VerifyError } from './errors.ts'

const listeners = new WeakMap<object, (error: VerifyError) => void>()

/** Says who counts what is refused in the name of a verifier before or after it looks at the token. */
export function hearRefusals(verifier: object, refused: (error: VerifyError) => void): void {
  listeners.set(verifier, refused)
}

/** Has a refusal counted and told like those of the verifier itself. One that was not made here counts nothing. */
export function tellRefusal(verifier: object, error: VerifyError): void {
  listeners.get(verifier)?.(error)
}
