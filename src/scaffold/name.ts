// What a new component may be called.
import type { ComponentKind } from '../contract/index.ts'
import type { Name } from './draft.ts'

/** Says what is wrong with a name, and which one would do. */
export class NameError extends Error {
  override readonly name = 'NameError'
}

/** As the configuration language has it: a letter, then letters, digits and _; ours are lower case. */
const TYPE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const LONGEST = 63

/**
 * `my-exporter`, as packages are called, is the type `my_exporter`. `taken` are the names, old ones and aliases included, that
 * components of the kind have. Throws `NameError`.
 */
export function nameOf(kind: ComponentKind, text: string, taken: readonly string[]): Name {
  const type = text.replaceAll('-', '_')
  if (!TYPE.test(type) || type.length > LONGEST) {
    const idea = ideaFor(kind, text)
    throw new NameError(
      `${JSON.stringify(text)} is no name for a component: lower case letters, digits and _ between them, a letter first, at most ` +
        `${LONGEST} of them (snake_case).${idea === undefined ? '' : ` What about ${freeName(idea, taken)}?`}`,
    )
  }
  const folded = (name: string): string => name.replaceAll('_', '')
  const same = taken.find((name) => folded(name) === folded(type))
  if (same !== undefined) {
    const which =
      same === type ? `there is ${anOf(kind)} ${type} already` : `${type} would be taken for the ${kind} ${same}`
    throw new NameError(`${which}. What about ${freeName(`my_${type}`, taken)}?`)
  }
  return { kind, type, pascal: pascalOf(kind, type) }
}

export const anOf = (kind: string): string => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`

function ideaFor(kind: ComponentKind, text: string): string | undefined {
  const words = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const idea = words.join('_').slice(0, LONGEST).replace(/_$/, '')
  if (TYPE.test(idea)) return idea
  return TYPE.test(`${kind}_${idea}`) ? `${kind}_${idea}` : undefined
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted.slice(0, LONGEST)
  for (let number = 2; taken.includes(name); number++) name = `${wanted}_${number}`
  return name
}

/** `my_exporter` is `My`: the kind is said behind it wherever it stands. */
function pascalOf(kind: ComponentKind, type: string): string {
  const words = type.split('_')
  if (words.length > 1 && words.at(-1) === kind) words.pop()
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}
