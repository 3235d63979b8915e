/**
 * What a promise comes to, or `late` if it takes longer than `milliseconds`. Rejects as the promise does, if
 * that is in time; what becomes of it later is nobody's concern.
 */
export async function within<Value, Late>(
  promise: Promise<Value>,
  milliseconds: number,
  late: Late,
): Promise<Value | Late> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
