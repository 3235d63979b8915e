import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { compose } from '../compose.ts'
import { readConfig } from '../config.ts'
import { version } from '../version.ts'
import { answering } from './answer.ts'

/** `mintmark openapi`: the API's description, as the running service tells it. */
export function addOpenapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document; needs no database and no configuration')
    .option('--write <file>', 'write it to a file instead')
    .action(
      answering(async ({ write }: { write?: string }) => {
        const document = await describeApp()
        const text = JSON.stringify(document, null, 2)
        if (write === undefined) return { json: document, text }
        await writeFile(write, `${text}\n`)
        return { json: { written: write }, text: `Wrote ${write}.` }
      }),
    )
}

/** The document of the real app, which is wired and never connected. */
async function describeApp(): Promise<unknown> {
  const { createApp } = await import('../http/app.ts')
  // No environment, so that the document is the same wherever it is made.
  const config = {
    ...readConfig({}),
    databaseUrl: 'postgresql://localhost/never',
    masterKeys: [{ id: 1, key: Buffer.alloc(32) }],
  }
  const parts = compose({ config, logger: silent, hostClock: systemClock, random: systemRandom })
  const app = await createApp({ ...parts, version })
  try {
    return app.swagger()
  } finally {
    await app.close()
    await parts.database.close()
  }
}

const nothing = () => {}

/** Nothing happens here that a log would tell. */
const silent = {
  level: 'silent',
  msgPrefix: undefined,
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  trace: nothing,
  silent: nothing,
  child: () => silent,
}
