// The pieces of a component's schema. Keys are spelled as in YAML; each has a sentence for the manual; an absent setting
// and an empty one (`key:`) both mean the default.
import * as v from 'valibot'

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
export const section = <const E extends v.ObjectEntries>(entries: E) => v.strictObject(entries)
