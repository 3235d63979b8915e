import { Command } from 'commander'
import { version } from '../version.ts'
import { addAudiencesCommands } from './audiences.ts'
import { addClientsCommands } from './clients.ts'
import { addCutOffsCommands } from './cut-offs.ts'
import { addDoctorCommand } from './doctor.ts'
import { addExplainCommands } from './explain.ts'
import { addGatewayCommands } from './gateway.ts'
import { addKeysCommands } from './keys.ts'
import { addMigrateCommands } from './migrate.ts'
import { addOpenapiCommand } from './openapi.ts'
import { addRestoredCommands } from './restored.ts'
import { addServeCommand } from './serve.ts'
import { addSessionsCommands } from './sessions.ts'
import { addTokenCommands } from './token.ts'
import { addUsersCommands } from './users.ts'

const EPILOGUE = `
Commands work on the database of DATABASE_URL; without it, on the development database of STATE_DIR
(.mintmark), beside a running service as well as alone.

Exit codes:
  0  done, or the answer is yes
  1  it failed, or the answer is no: a token that is not good, an id that is unknown
  2  wrong usage or configuration
  3  the database is unavailable, or the issuer that was named

With --json, standard output holds one JSON value and nothing else, and an error is
{"error":{"code","message"}} on standard error.`

/**
 * The command line, ready to parse. It throws CommanderError where commander would exit.
 * @param json whether help and the version, too, are to be JSON
 */
export function createProgram(json: boolean): Command {
  const program = new Command('mintmark')
    .description('A token service: issues, rotates and revokes tokens that any service can verify.')
    .version(version)
    .option('--json', 'print JSON, for programs')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    // An error is printed once, in its own way: by the bin.
    .configureOutput({
      outputError: () => {},
      ...(json && { writeOut: writeAsJson, writeErr: () => {} }),
    })
  addServeCommand(program)
  addMigrateCommands(program)
  addClientsCommands(program)
  addUsersCommands(program)
  addSessionsCommands(program)
  addCutOffsCommands(program)
  addAudiencesCommands(program)
  addKeysCommands(program)
  addGatewayCommands(program)
  addTokenCommands(program)
  addRestoredCommands(program)
  addExplainCommands(program)
  addDoctorCommand(program)
  addOpenapiCommand(program)
  return program
}

function writeAsJson(text: string): void {
  const said = text.trim()
  process.stdout.write(`${JSON.stringify(said === version ? { version } : { help: said })}\n`)
}
