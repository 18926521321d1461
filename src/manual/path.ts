// `exporters.prometheus.metric_expiration`: a way through a config, as a person writes it. `.`, `::` and `/` part its steps.
import { nearest, type Shape } from '../config/index.ts'
import { type Child, childrenOf } from './words.ts'

export interface Place {
  /** From the shape that was started at: `protocols.grpc.endpoint`, `actions[].key`. */
  readonly steps: readonly string[]
  readonly shape: Shape
}

export interface Lost {
  /** As far as it went. */
  readonly reached: Place
  /** The first step that is not there. */
  readonly unknown: string
  readonly nearest: string | undefined
}

const SEPARATOR = /^(?:::|\.|\/)/

/** The rest of a path behind a name, without what parts them; undefined when it does not begin with the name. */
export function behind(path: string, name: string): string | undefined {
  if (path === name) return ''
  if (!path.startsWith(name)) return undefined
  const rest = path.slice(name.length)
  if (rest.startsWith('[')) return rest
  return SEPARATOR.test(rest) ? rest.replace(SEPARATOR, '') : undefined
}

export const firstStep = (path: string): string => /^.*?(?=::|\.|\/|\[|$)/s.exec(path)![0]

export function follow(path: string, from: Place): Place | Lost {
  if (path === '') return from
  const children = childrenOf(from.shape)
  const [only] = children
  if (only !== undefined && (only.step === '[]' || only.step === '<name>')) return followInside(path, from, only)
  // A key may have a dot in it: the longest that fits is meant.
  const fitting = children.filter(({ step }) => behind(path, step) !== undefined)
  const [child] = fitting.sort((a, b) => b.step.length - a.step.length)
  if (child !== undefined)
    return follow(behind(path, child.step)!, { steps: [...from.steps, child.step], shape: child.shape })
  const unknown = firstStep(path)
  const names = children.map(({ step }) => step)
  return { reached: from, unknown, nearest: nearest(unknown, names) ?? alikeInFront(unknown, names) }
}

/** `metric_expire` is `metric_expiration`, though much of it is missing. */
function alikeInFront(word: string, names: readonly string[]): string | undefined {
  const start = word.slice(0, Math.max(5, Math.ceil(word.length / 2)))
  return names.find((name) => name.startsWith(start))
}

/** Items may be counted (`[0]`, `0`) or not at all; what the user has called something may stand in the path, too. */
function followInside(path: string, from: Place, { step, shape }: Child): Place | Lost {
  const inside: Place = { steps: [...from.steps, step], shape }
  const written = step === '[]' ? /^(?:\[\w*\]|\d+)(?:::|\.|\/|$)?/.exec(path)?.[0] : undefined
  if (written !== undefined) return follow(path.slice(written.length), inside)
  const found = follow(path, inside)
  if (!('unknown' in found) || step === '[]') return found
  const named = follow(behind(path, firstStep(path)) ?? '', inside)
  return 'unknown' in named ? found : named
}

/** Steps as one text. */
export const pathText = (steps: readonly string[]): string => steps.join('.').replaceAll('.[]', '[]')
