import { type Command, Option } from 'commander'
import { duration } from '../config/readers.ts'
import { algorithmNames } from '../jwt/algorithms.ts'
import { authenticationMethods, grantTypes, refreshTokenPlaces } from '../oauth/grant-types.ts'
import { answering } from './answer.ts'
import { claims, reading } from './arguments.ts'
import { deleteClient, disableClient, enableClient, rotateSecret } from './clients-change.ts'
import { createClient } from './clients-create.ts'
import { addPatienceOptions } from './clients-patience.ts'
import { listAllClients, showClient } from './clients-show.ts'
import { updateClient } from './clients-update.ts'

/** `mintmark clients`: who may ask for tokens. */
export function addClientsCommands(program: Command): void {
  const clients = program.command('clients').description('who may ask for tokens')
  addCreate(clients)
  clients.command('list').description('list all clients').action(answering(listAllClients))
  clients
    .command('show')
    .description('show all there is to know of a client but its secret')
    .argument('<client_id>')
    .action(answering(showClient))
  const update = clients
    .command('update')
    .description(
      'change which pages may call for a client, where its refresh token travels, how its tokens are signed, its lifetimes and windows',
    )
    .argument('<client_id>')
    .addOption(originOption('; in the place of those before'))
    .option('--add-origin <origin...>', 'pages that may call as well as those before')
    .option('--no-origins', 'let no page call any more')
    .addOption(refreshTokenOption())
    .addOption(
      new Option(
        '--signing-alg <algorithm>',
        'how its tokens are signed; default leaves it to the audience',
      ).choices([...algorithmNames, 'default']),
    )
  addPatienceOptions(update).action(answering(updateClient))
  clients
    .command('disable')
    .description('let a client do nothing any more, and end its sessions')
    .argument('<client_id>')
    .action(answering(disableClient))
  clients
    .command('enable')
    .description('let a disabled client work again')
    .argument('<client_id>')
    .action(answering(enableClient))
  clients
    .command('delete')
    .description('delete a client and end its sessions')
    .argument('<client_id>')
    .action(answering(deleteClient))
  clients
    .command('rotate-secret')
    .description('give a client a new secret, printed once')
    .argument('<client_id>')
    .option(
      '--overlap <duration>',
      'how long the secret before still works; 0s ends it at once',
      reading(duration('0s', '365d')),
      86_400,
    )
    .action(answering(rotateSecret))
}

const originOption = (note = '') =>
  new Option(
    '--origin <origin...>',
    `pages that may call it from a browser: https://app.example${note}`,
  )

const refreshTokenOption = () =>
  new Option(
    '--refresh-token-in <place>',
    'body, or cookie: an HttpOnly cookie that no script can read (default: body)',
  ).choices(refreshTokenPlaces)

function addCreate(clients: Command): void {
  const create = clients
    .command('create')
    .description('register a client; its secret is printed once')
    .argument('<client_id>', 'letters, digits, dots, dashes and underscores')
    .option('--name <text>', 'what people call it (default: the client_id)')
    .addOption(
      new Option('--auth-method <method>', 'how it authenticates; none makes it public')
        .choices(authenticationMethods)
        .default('client_secret_basic'),
    )
    .addOption(
      new Option(
        '--grant <type...>',
        'its grant types (default: client_credentials, for a public client refresh_token)',
      ).choices(grantTypes),
    )
    .option('--scope <scopes>', 'the scopes it may ask for, space-separated', '')
    .option('--audience <uri...>', 'who its tokens may be for (default: the issuer)')
    .option('--introspects <uri...>', 'audiences whose tokens it may introspect', [])
    .addOption(originOption())
    .addOption(refreshTokenOption())
    .addOption(
      new Option('--signing-alg <algorithm>', 'how its tokens are signed').choices(algorithmNames),
    )
    .option('--role <role...>', 'roles in the tokens it gets for itself', [])
    .option('--claims <json>', 'custom claims in its tokens, a JSON object', claims, {})
  addPatienceOptions(create).action(answering(createClient))
}
