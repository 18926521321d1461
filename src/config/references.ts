// Settings that name extensions: each must run, or nothing that depends on it could start.
import type { Schema } from '../contract/index.ts'
import { problemAt } from './check.ts'
import type { LoadedConfig } from './load.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'
import { type Shape, shapeOf } from './shape.ts'
import type { Path } from './tree.ts'

/** `config` is what the schema made of what stands at `path`. */
export function checkReferences(
  loaded: Pick<LoadedConfig, 'locate'>,
  { schema, config, path }: { readonly schema: Schema<unknown>; readonly config: unknown; readonly path: Path },
  running: readonly string[],
): Problem[] {
  return [...references(shapeOf(schema), config, path)]
    .filter(({ id }) => !running.includes(id))
    .map(({ id, at }) => {
      const meant = nearest(id, running)
      const hint = meant === undefined ? `configure ${id} under extensions and name it there` : `did you mean ${meant}?`
      return problemAt(loaded, at, 'extension_not_running', `there is no extension ${id} in service::extensions`, {
        hint,
      })
    })
}

interface Reference {
  readonly id: string
  readonly at: Path
}

function* references(shape: Shape, value: unknown, at: Path): Generator<Reference> {
  if (shape.kind === 'extension' && typeof value === 'string') yield { id: value, at }
  if (typeof value !== 'object' || value === null) return
  const of = shape.of()
  if (Array.isArray(value)) {
    if (of !== undefined) for (const [index, item] of value.entries()) yield* references(of, item, [...at, index])
    return
  }
  const entries = shape.entries()
  for (const [key, inner] of Object.entries(value)) {
    const setting = entries.get(key) ?? of
    if (setting !== undefined) yield* references(setting, inner, [...at, key])
  }
}
