import type { Command } from 'commander'
import { answering } from './answer.ts'
import { claims } from './arguments.ts'
import { disableUser, enableUser, listAllUsers, setPassword } from './users-change.ts'
import { createUser } from './users-create.ts'

/** `mintmark users`: users whose passwords are kept here. */
export function addUsersCommands(program: Command): void {
  const users = program.command('users').description('users whose passwords are kept here')
  const fromStdin = [
    '--password-stdin',
    'read the password from standard input; else one is drawn and printed once',
  ] as const
  users
    .command('create')
    .description('add a user')
    .argument('<username>')
    .option('--role <role...>', 'roles in the tokens', [])
    .option('--claims <json>', 'custom claims in the tokens, a JSON object', claims, {})
    .option(...fromStdin)
    .action(answering(createUser))
  users.command('list').description('list all users').action(answering(listAllUsers))
  users
    .command('set-password')
    .description("replace a user's password and end the user's sessions")
    .argument('<username>')
    .option(...fromStdin)
    .action(answering(setPassword))
  users
    .command('disable')
    .description("let a user log in no more and end the user's sessions")
    .argument('<username>')
    .action(answering(disableUser))
  users
    .command('enable')
    .description('let a disabled user log in again')
    .argument('<username>')
    .action(answering(enableUser))
}
