/** An instruction of a Dockerfile: its word in capitals, and what follows, on one line. */
export interface Instruction {
  readonly word: string
  readonly rest: string
}

/** A stage: from its FROM to the next one. */
export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly Instruction[]
}

/** What a COPY takes, from the build context or from the stage that it names, and where it puts it. */
export interface Copy {
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

/**
 * The stages of a Dockerfile, each with a name. Knows what ours is written in and throws at the rest:
 * ARG stands before the first FROM and is used by FROM only.
 */
export function readDockerfile(text: string): Stage[] {
  const values = new Map<string, string>()
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const { word, rest } of instructions(text)) {
    if (word === 'FROM') {
      const [, image = '', name] = /^(\S+) AS (\S+)$/.exec(rest) ?? []
      if (name === undefined) throw new Error(`FROM ${rest}: a stage needs a name`)
      const base = image.replace(/^\$\{(\w+)\}$/, (_whole, arg) => values.get(arg) ?? '')
      stages.push({ name, base, instructions: [] })
    } else if (stages.length > 0) {
      if (word === 'ARG') throw new Error(`ARG ${rest}: only before the first FROM`)
      stages.at(-1)?.instructions.push({ word, rest })
    } else {
      const [, arg = '', value = ''] = /^(\w+)=(\S+)$/.exec(rest) ?? []
      if (word !== 'ARG' || arg === '') throw new Error(`${word} ${rest}: before the first FROM`)
      values.set(arg, value)
    }
  }
  return stages
}

function instructions(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const whole = lines.join('\n').replace(/\s*\\\n\s*/g, ' ')
  return whole.split('\n').flatMap((line) => {
    const [, word, rest = ''] = /^(\w+) (.+)$/.exec(line.trim()) ?? []
    if (word === undefined && line.trim() !== '') throw new Error(`not an instruction: ${line}`)
    return word === undefined ? [] : [{ word, rest }]
  })
}

/** What follows each instruction of that word in a stage. */
export function all(stage: Stage, word: string): string[] {
  return stage.instructions.filter((each) => each.word === word).map(({ rest }) => rest)
}

/** What follows the only instruction of that word in a stage. Throws unless there is exactly one. */
export function only(stage: Stage, word: string): string {
  const [rest, ...more] = all(stage, word)
  if (rest === undefined || more.length > 0) throw new Error(`${stage.name}: not one ${word}`)
  return rest
}

/** The words of a command in exec form, which no shell reads. Throws at the shell form. */
export function execForm(command: string): string[] {
  if (!command.startsWith('[')) throw new Error(`not in exec form: ${command}`)
  return JSON.parse(command)
}

/** The command of a HEALTHCHECK, without its options. */
export function healthCommand(stage: Stage): string[] {
  return execForm(only(stage, 'HEALTHCHECK').replace(/^(--\S+ )*CMD /, ''))
}

/** Reads what follows COPY. Throws at an option other than `--from`. */
export function readCopy(rest: string): Copy {
  const words = rest.split(/\s+/)
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
  const target = words.pop()
  if (target === undefined || words.length === 0 || words.some((word) => word.startsWith('--'))) {
    throw new Error(`COPY ${rest}`)
  }
  return { from, sources: words, target }
}

/** The entries of a .dockerignore that leaves out all but the names it lists. Throws at any other. */
export function allowedEntries(dockerignore: string): string[] {
  const [first, ...others] = dockerignore.split('\n').filter((line) => /^[^#]/.test(line))
  if (first !== '*') throw new Error('.dockerignore must begin by leaving out everything')
  return others.map((line) => {
    const [, name] = /^!([\w.-]+)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`.dockerignore: ${line}`)
    return name
  })
}
