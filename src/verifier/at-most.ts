/**
 * Waits for something, but no longer than so many milliseconds; what is waited for goes on. Keeps the process
 * alive for so long, as its caller needs the answer.
 * @returns whether it has come to its end; rejects as it does
 */
export async function atMost(waitedFor: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  try {
    return await Promise.race([waitedFor.then(() => true), over])
  } finally {
    clearTimeout(timer)
  }
}
