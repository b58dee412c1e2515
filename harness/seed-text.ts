/** Which texts are seeds. Apart from what draws from them, because the command line needs nothing more. */
const seedPattern = /^[A-Za-z0-9]{1,64}$/

/** True for texts that can stand as a seed in a token: 1 to 64 letters and digits. */
export function isSeed(text: string): boolean {
  return seedPattern.test(text)
}
