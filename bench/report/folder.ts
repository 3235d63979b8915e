import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { drawPicture } from './picture.ts'
import type { Results } from './results.ts'

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url))

/** What earlier runs of that day have left; undefined when there were none. */
export async function readResults(date: string): Promise<Results | undefined> {
  const text = await readFile(`${FOLDER}${date}.json`, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Writes the results of a day, and the picture of them. Returns the paths of the files. */
export async function writeResults(date: string, results: Results): Promise<string[]> {
  await mkdir(FOLDER, { recursive: true })
  const files = [`${FOLDER}${date}.json`]
  await writeFile(`${FOLDER}${date}.json`, `${JSON.stringify(results, rounded, 2)}\n`)
  const picture = drawPicture(results)
  if (picture !== undefined) {
    files.push(`${FOLDER}speed.svg`)
    await writeFile(`${FOLDER}speed.svg`, picture)
  }
  return files
}

/** Six digits say more than any measurement does. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value
}
