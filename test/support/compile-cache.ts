/**
 * For the environment of every Node process of a run: the same files are compiled by dozens of them,
 * and what one has compiled spares the next ones half their start. `npm test` names the folder.
 */
export const COMPILE_CACHE: Record<string, string> =
  process.env.NODE_COMPILE_CACHE === undefined
    ? {}
    : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
