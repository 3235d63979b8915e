import { readFile } from 'node:fs/promises'
import type { Algorithm } from '../jwt/algorithms.ts'
import { createMasterKeys } from '../keys/master-keys.ts'
import { createImportKey } from '../keys/operations/import-key.ts'
import { readPrivateKey } from '../keys/operations/read-private-key.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, withDeployment } from './deployment.ts'
import { CommandFailure } from './failure.ts'
import { operator } from './operator.ts'
import { readStandardInput } from './stdin.ts'
import { iso, whenAndHowFar } from './times.ts'

/** Takes in a private key from a file, or from standard input as `-`. */
export async function importKey(file: string, options: { alg?: Algorithm }): Promise<Answer> {
  const { privateKey, algorithm, givenKid } = readPrivateKey(await readSecret(file), options.alg)
  return withDeployment([...KEY_SETTINGS, 'masterKeys'], async (deployment) => {
    const { clock, config } = deployment
    const masterKeys = createMasterKeys(config.masterKeys)
    const take = createImportKey({ ...deployment, masterKeys, settings: config })
    const { kid, state, signsFrom, replaced, isInUse } = await take(privateKey, algorithm, operator)
    const turn =
      state === 'active'
        ? 'It signs at once: verifiers have no key of this algorithm to rely on.'
        : `It is published, and signs from ${whenAndHowFar(signsFrom, clock.now())} on.`
    return {
      json: {
        kid,
        alg: algorithm,
        state,
        signs_from: iso(signsFrom),
        replaced: replaced ?? null,
        in_use: isInUse,
      },
      text: `Imported ${algorithm} key ${kid}. ${turn}`,
      notes: [
        ...(givenKid === undefined || givenKid === kid
          ? []
          : [
              `The kid ${JSON.stringify(givenKid)} is not kept: a kid is the key's thumbprint here.`,
            ]),
        ...(replaced === undefined
          ? []
          : [`It takes the place of ${replaced}, which has never signed and is retired.`]),
        ...(isInUse
          ? []
          : [
              `No client, audience or SIGNING_ALGORITHMS names ${algorithm}: nobody gets its tokens yet.`,
            ]),
        'It is sealed under the first master key. Delete the file: whoever has it can sign.',
      ],
    }
  })
}

async function readSecret(file: string): Promise<string> {
  if (file === '-') return readStandardInput('the private key')
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CommandFailure('file_unreadable', `the file cannot be read (${code})`)
  }
}
