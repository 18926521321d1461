// Messages that say what of a value is wrong: of a secret, not even a part of it is shown.
import type { LoadedConfig } from './load.ts'
import type { Problem } from './problem.ts'
import { at, type Node, type Path } from './tree.ts'

/** The problem, without what it repeats of a secret that it is about. */
export function concealProblem(problem: Problem, loaded: Pick<LoadedConfig, 'tree' | 'isSecret'>): Problem {
  const { path, message, hint } = problem
  if (!loaded.isSecret(path)) return problem
  const shownHint = hint !== undefined && concealed(hint, loaded.tree, path) === hint ? hint : undefined
  return { ...problem, message: concealed(message, loaded.tree, path), hint: shownHint }
}

/** The message, or another one when it has something in it of the value at that path, or of what that is part of. */
export function concealed(message: string, root: Node, path: Path): string {
  const node = path.map((_step, index) => at(root, path.slice(0, index + 1))?.node).findLast((one) => one !== undefined)
  return textsOf(node ?? root).some((text) => echoes(message, text)) ? 'is nothing that this setting takes' : message
}

/** All texts in it, as they were written and as they are understood. */
export function textsOf(node: Node): string[] {
  if (node.kind === 'scalar') return [node.original ?? '', String(node.value ?? '')]
  return (node.kind === 'list' ? node.items : [...node.entries.values()].map((entry) => entry.node)).flatMap(textsOf)
}

/** So many letters in a row are no coincidence. */
const ECHO_LENGTH = 4
const MAX_ECHO_LENGTH = 100_000

function echoes(message: string, text: string): boolean {
  if (text.length <= ECHO_LENGTH) return text !== '' && message.includes(text)
  for (let from = 0; from <= Math.min(text.length, MAX_ECHO_LENGTH) - ECHO_LENGTH; from++)
    if (message.includes(text.slice(from, from + ECHO_LENGTH))) return true
  return false
}
