import { readdirSync, readFileSync } from 'node:fs'

/** Of the kernel's clock that processes are charged by: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

interface Times {
  parent: number
  /** Ticks of the process itself, and of those of its children that have ended. */
  own: number
  ended: number
}

/** Seconds of one core that a process has used so far; undefined where the system does not tell. */
export function processCpuSeconds(pid: number): number | undefined {
  const times = read(pid)
  return times && times.own / TICKS_PER_SECOND
}

/** The same of all that this process has started and that has ended. */
export function childrenCpuSeconds(): number | undefined {
  const times = read('self')
  return times && times.ended / TICKS_PER_SECOND
}

/** The same of a process, its children and those of them that have ended: a Postgres server. */
export function familyCpuSeconds(pid: number): number | undefined {
  const head = read(pid)
  if (head === undefined) return undefined
  let ticks = head.own + head.ended
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const times = read(name)
    if (times?.parent === pid) ticks += times.own
  }
  return ticks / TICKS_PER_SECOND
}

/** See proc(5); undefined when there is no such process, or no /proc. */
function read(pid: number | string): Times | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The name of the program may hold spaces.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
  return { parent: fields[1] as number, own: utime + stime, ended: cutime + cstime }
}
