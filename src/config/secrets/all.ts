import { fromCommand } from './command.ts'
import { fromFile } from './file.ts'
import type { SecretSource } from './source.ts'

/** Where secrets can come from besides their own variables, in the order in which the README has it. */
export const SECRET_SOURCES: readonly SecretSource[] = [fromFile, fromCommand]
