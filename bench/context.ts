import type { Build } from './contestants/mintmark/build.ts'
import type { Cluster } from './database/cluster.ts'
import type { LoadGenerator } from './load/load.ts'
import type { Options } from './options.ts'

/** What every measurement needs. */
export interface Context {
  readonly options: Options
  readonly build: Build
  readonly cluster: Cluster
  readonly send: LoadGenerator
}
