import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { compose } from '../compose.ts'
import { readConfig } from '../config.ts'
import { version } from '../version.ts'
import { answering } from './answer.ts'

/** `mintmark openapi`: the description of an API, as the running service tells it. */
export function addOpenapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document; needs no database and no configuration')
    .option('--admin', 'that of the admin API instead')
    .option('--write <file>', 'write it to a file instead')
    .action(
      answering(async ({ admin = false, write }: { admin?: boolean; write?: string }) => {
        const document = await describeApp(admin)
        const text = JSON.stringify(document, null, 2)
        if (write === undefined) return { json: document, text }
        await writeFile(write, `${text}\n`)
        return { json: { written: write }, text: `Wrote ${write}.` }
      }),
    )
}

/** The document of the real app, which is wired and never connected. */
async function describeApp(isAdmin: boolean): Promise<unknown> {
  const { createApp } = await import('../http/app.ts')
  const { createAdminApp } = await import('../http/admin-app.ts')
  // No environment, so that the document is the same wherever it is made.
  const config = {
    ...readConfig({}),
    databaseUrl: 'postgresql://localhost/never',
    masterKeys: [{ id: 1, key: Buffer.alloc(32) }],
  }
  const parts = compose({ config, logger: silent, hostClock: systemClock, random: systemRandom })
  const options = { ...parts, version }
  const app = await (isAdmin ? createAdminApp(options) : createApp(options))
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
