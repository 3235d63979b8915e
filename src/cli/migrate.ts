import type { Command } from 'commander'
import { makeDays } from '../audit/partitions/store.ts'
import { systemClock } from '../base/clock.ts'
import { migrateAt, migrationStatus } from '../db/migrate.ts'
import { answering } from './answer.ts'
import { withDatabase } from './deployment.ts'
import { count, table } from './table.ts'

/** `mintmark migrate`: brings the database's tables up to date. */
export function addMigrateCommands(program: Command): void {
  const migrate = program.command('migrate').description("bring the database's tables up to date")
  migrate
    .command('up')
    .description('apply the pending migrations, all in one transaction, and make room for events')
    .action(answering(up))
  migrate
    .command('status')
    .description('list the migrations; exit code 1 while any is pending')
    .action(answering(status))
}

async function up() {
  const applied = await withDatabase([], async (database, config) => {
    const names = await migrateAt(config.databaseUrl)
    // Whoever may migrate may make these; the service's own role may not.
    await makeDays(database, systemClock.now())
    return names
  })
  const text =
    applied.length === 0
      ? 'Nothing to do: the database is up to date.'
      : `Applied ${count(applied.length, 'migration')}: ${applied.join(', ')}.`
  return { json: { applied }, text }
}

async function status() {
  const migrations = await withDatabase([], migrationStatus)
  const rows = migrations.map(({ name, appliedAt }) => [name, appliedAt ?? 'pending'])
  const pending = migrations.filter(({ appliedAt }) => appliedAt === undefined).length
  return {
    json: {
      pending,
      migrations: migrations.map(({ name, appliedAt }) => ({
        name,
        applied_at: appliedAt ?? null,
      })),
    },
    text: table(['migration', 'applied'], rows, 'There are no migrations.'),
    notes: pending > 0 ? [`${count(pending, 'migration')} to apply: mintmark migrate up`] : [],
    good: pending === 0,
  }
}
