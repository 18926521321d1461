// The pieces of a component's schema. Keys are spelled as in YAML; each has a sentence for the manual; an absent setting
// and an empty one (`key:`) both mean the default. What a piece accepts stands in its metadata (see shape.ts).
import * as v from 'valibot'
import { repeated } from './coded.ts'

/** A setting with a default. */
export const setting = <const S extends v.GenericSchema, const D extends v.InferInput<S>>(
  schema: S,
  byDefault: D,
  about: string,
): v.NullishSchema<S, D> => v.pipe(v.nullish(schema, byDefault as never), v.description(about)) as never

/** A setting that must be given. */
export const required = <const S extends v.GenericSchema>(schema: S, about: string): S =>
  v.pipe(schema as v.GenericSchema, v.description(about)) as never

/** A setting that may be left out or empty; then undefined. */
export const optional = <const S extends v.GenericSchema>(schema: S, about: string): v.OptionalSchema<S, undefined> =>
  v.pipe(
    v.nullish(schema as v.GenericSchema, undefined),
    v.transform((value) => value ?? undefined),
    v.description(about),
  ) as never

/** A section that is on when it is named, even with nothing in it (`grpc:`), and off (undefined) when it is not. */
export const named = <const S extends v.GenericSchema>(schema: S, about: string): v.OptionalSchema<S, undefined> =>
  v.pipe(v.optional(v.nullish(schema as v.GenericSchema, {})), v.description(about)) as never

/** A mapping of settings; `key:` alone means all defaults. Unknown keys are errors. */
export const section = <const E extends v.ObjectEntries>(entries: E) => v.strictObject(entries, 'must be a mapping')

/** A list; `of` is each item. */
export const list = <const S extends v.GenericSchema>(of: S) => v.array(of, 'must be a list')

/** Texts; as in the collector, one text may stand for the list, cut at its commas. */
export const texts: v.GenericSchema<readonly string[] | string, string[]> = v.pipe(
  v.union([v.array(v.string('must be a text'), 'must be a list'), v.string()], 'must be a list of texts'),
  v.transform((value) => (typeof value === 'string' ? (value === '' ? [] : value.split(',')) : value)),
  v.metadata({ kind: 'texts' }),
)

/**
 * A mapping whose keys the user chooses; `of` is each value. The result has no prototype, and unlike valibot's own record
 * keeps every key: `constructor` may be the name of a label.
 */
export const record = <const S extends v.GenericSchema>(of: S) =>
  v.pipe(
    v.custom<Record<string, v.InferInput<S>>>(isMapping, 'must be a mapping'),
    v.rawTransform<Record<string, v.InferInput<S>>, Record<string, v.InferOutput<S>>>(
      ({ dataset, addIssue, NEVER }) => {
        const input = dataset.value
        const result: Record<string, v.InferOutput<S>> = Object.create(null)
        let isValid = true
        for (const key of Object.keys(input)) {
          const parsed = v.safeParse(of, input[key])
          if (parsed.success) result[key] = parsed.output
          else for (const issue of parsed.issues) addIssue(inside(input, key, issue))
          isValid &&= parsed.success
        }
        return isValid ? result : NEVER
      },
    ),
    v.metadata({ kind: 'record', of }),
  )

const isMapping = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An issue of a value, as one of the mapping that has the value under that key. */
function inside<T extends Record<string, unknown>>(
  input: T,
  key: string,
  issue: v.BaseIssue<unknown>,
): v.RawTransformIssueInfo<T> {
  const { expected, received, path, input: found } = issue
  const at: v.UnknownPathItem = { type: 'unknown', origin: 'value', input, key, value: input[key] }
  const message = repeated(issue)
  return { message, received, input: found, path: [at, ...(path ?? [])], ...(expected !== null && { expected }) }
}

/** One of a few texts. */
export const oneOf = <const T extends readonly string[]>(allowed: T) =>
  v.pipe(
    v.picklist(allowed, `must be one of ${allowed.map((one) => one || '""').join(', ')}`),
    v.metadata({ kind: 'choice', allowed }),
  )

/** Whatever YAML can say. */
export const anything = v.pipe(v.unknown(), v.metadata({ kind: 'any' }))
