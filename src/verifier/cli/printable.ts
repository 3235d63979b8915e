/** Whatever can steer a terminal or hide in it, but for line breaks. */
const STEERING = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu

/** A text for people in which nothing steers their terminal: tokens and servers may say anything. */
export function printable(text: string): string {
  return text.replace(STEERING, '\uFFFD')
}

/** A value as JSON that is fit for a terminal, too. Nothing of it is lost: such characters are escaped. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(STEERING, (character) =>
    character.split('').map(escaped).join(''),
  )
}

/** One UTF-16 code unit (RFC 8259 §7). */
function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
