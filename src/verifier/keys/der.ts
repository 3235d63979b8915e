/**
 * Writes an ECDSA signature as OpenSSL wants it (RFC 3279 §2.2.3) instead of as a JWS has it (RFC 7518 §3.4:
 * R and S, each as long as the curve's field). Node could, but on Node 24 it takes 30 of 115 µs for it.
 * @param size in bytes, of R and of S
 * Undefined for a signature of another length.
 */
export function derOf(signature: Uint8Array, size: number): Uint8Array | undefined {
  if (signature.length !== size * 2) return undefined
  const der = new Uint8Array(signature.length + 8)
  const middle = writeInteger(der, 2, signature, 0, size)
  const end = writeInteger(der, middle, signature, size, size * 2)
  // SEQUENCE; for curves up to P-384 one byte is enough for its length.
  der[0] = 0x30
  der[1] = end - 2
  return der.subarray(0, end)
}

/**
 * INTEGER: no leading zeros, except one before a first bit that would make it negative.
 * Returns the place after it.
 */
function writeInteger(
  der: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let start = from
  while (start < to - 1 && bytes[start] === 0) start += 1
  const sign = (bytes[start] as number) >= 0x80 ? 1 : 0
  const length = to - start + sign
  der[at] = 0x02
  der[at + 1] = length
  der.set(bytes.subarray(start, to), at + 2 + sign)
  return at + 2 + length
}
