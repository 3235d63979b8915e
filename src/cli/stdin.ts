import { text } from 'node:stream/consumers'

/** All of standard input without the line break at its end; `what` is asked for on a terminal. */
export async function readStandardInput(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`Type ${what}, then Enter and Ctrl-D:\n`)
  return (await text(process.stdin)).replace(/\r?\n$/, '')
}
