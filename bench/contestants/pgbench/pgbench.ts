import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LoadResult } from '../../load/load.ts'
import { childrenCpuSeconds } from '../../measure/cpu.ts'
import { percentile } from '../../report/statistics.ts'
import type { Contestant, Effort } from '../contestant.ts'

const execute = promisify(execFile)

/** The newest pgbench of the PATH or of Debian's folders; undefined where there is none. */
export async function findPgbench(): Promise<string | undefined> {
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  versions.sort((a, b) => Number(b) - Number(a))
  for (const file of [
    ...versions.map((version) => `${debian}/${version}/bin/pgbench`),
    'pgbench',
  ]) {
    const found = await execute(file, ['--version']).catch(() => undefined)
    if (found !== undefined) return file
  }
  return undefined
}

/** pgbench, which sends a script to the database at `url` and nothing else. */
export function createPgbench(file: string, url: string, script: string): Contestant {
  return {
    name: 'pgbench',
    kind: 'reference',
    pid: undefined,
    databaseUrl: undefined,
    enter: async (scenario) =>
      scenario === 'rotate' ? { run: (effort) => run(file, url, script, effort) } : undefined,
    close: async () => {},
  }
}

async function run(
  file: string,
  url: string,
  script: string,
  { connections, seconds, atMost }: Effort,
): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-bench-pgbench-'))
  try {
    await writeFile(join(folder, 'script.sql'), script)
    const amount =
      atMost === undefined
        ? [`--time=${seconds}`]
        : [`--transactions=${Math.ceil(atMost / connections)}`]
    const before = childrenCpuSeconds()
    const { stdout } = await execute(
      file,
      [
        ...['--no-vacuum', '--protocol=prepared', `--client=${connections}`, '--jobs=1', '--log'],
        ...[...amount, '--file=script.sql', url],
      ],
      { cwd: folder },
    )
    const after = childrenCpuSeconds()
    const latencies = await readLatencies(folder)
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1])
    const failures = Number(/^number of failed transactions: (\d+)/m.exec(stdout)?.[1] ?? 0)
    return {
      requests: latencies.length,
      seconds: latencies.length / perSecond,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      failures,
      firstFailure: failures > 0 ? stdout : undefined,
      cpuSeconds: before === undefined || after === undefined ? undefined : after - before,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Milliseconds, sorted: the third column of what pgbench has logged of each transaction. */
async function readLatencies(folder: string): Promise<number[]> {
  const [log = ''] = (await readdir(folder)).filter((name) => name.startsWith('pgbench_log'))
  const lines = (await readFile(join(folder, log), 'utf8')).split('\n')
  return lines
    .filter(Boolean)
    .map((line) => Number(line.split(' ')[2]) / 1000)
    .sort((a, b) => a - b)
}
