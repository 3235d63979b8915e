import type { Config } from '../config.ts'
import { type Diagnosis, good, warning } from '../verifier/doctor/diagnosis.ts'

/** Whether the replicas can count together, if they are to. Never throws. */
export async function diagnoseRedis({ redisUrl }: Pick<Config, 'redisUrl'>): Promise<Diagnosis[]> {
  if (redisUrl === undefined) return []
  // Loaded only here: no other command needs the client, and its start would take every fifth longer.
  const { connectRedis } = await import('../http/limits/redis.ts')
  let lost: string | undefined
  const { close } = await connectRedis(redisUrl, 'mintmark doctor ', {
    info: () => {},
    warn: ({ reason }: { reason?: string }) => {
      lost = reason
    },
  })
  close()
  const remedy =
    'see that it runs and that REDIS_URL is right; until then each replica limits by its own count'
  return [
    lost === undefined
      ? good('limits', 'Redis counts for all replicas')
      : warning('limits', `Redis cannot be used: ${lost}`, remedy),
  ]
}
