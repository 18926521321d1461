// service::telemetry::resource: what the agent says of itself.
import * as v from 'valibot'
import { coded, repeated } from './coded.ts'
import { parsedText } from './endpoint.ts'
import { parsePairs } from './pairs.ts'
import { anything, list, optional, record, section, setting } from './schema.ts'
import { nonEmptyText, text } from './values.ts'

/** `null` leaves out an attribute that is there by default. */
export type ResourceAttributes = Record<string, string | number | boolean | null>

const scalar = v.union([v.string(), v.number(), v.boolean()], 'must be a text, a number, true or false')
const plain = v.record(v.string(), v.nullable(scalar))
const declarative = section({
  attributes: setting(
    list(section({ name: nonEmptyText, value: v.nullable(scalar), type: optional(text, 'The type of the value.') })),
    [],
    'Attributes of the agent.',
  ),
  attributes_list: setting(
    parsedText(parsePairs, 'text', 'invalid_setting'),
    '',
    'The same as text: `k1=v1,k2=v2`, values percent-encoded.',
  ),
  schema_url: setting(text, '', 'The schema of the attributes.'),
})

/** A mapping from names to values, or the declarative form, which has lists. */
export const resource = v.pipe(
  record(anything),
  v.rawTransform<Record<string, unknown>, { attributes: ResourceAttributes; schemaUrl: string | undefined }>(
    ({ dataset, addIssue, NEVER }) => {
      const { value } = dataset
      const attributes: ResourceAttributes = Object.create(null)
      const isDeclarative = Array.isArray(value.attributes) || typeof value.attributes_list === 'string'
      const parsed = v.safeParse(isDeclarative ? declarative : plain, value)
      if (!parsed.success) {
        for (const issue of parsed.issues) addIssue(asOwn(issue))
        return NEVER
      }
      if (!isDeclarative) {
        const { schema_url, ...rest } = parsed.output as ResourceAttributes
        return { attributes: Object.assign(attributes, rest), schemaUrl: schema_url?.toString() }
      }
      const declared = parsed.output as v.InferOutput<typeof declarative>
      for (const [name, text] of parsePairs(declared.attributes_list)) attributes[name] = text
      for (const one of declared.attributes) attributes[one.name] = one.value
      return { attributes, schemaUrl: declared.schema_url || undefined }
    },
  ),
)

/** An issue of one of the two forms, as one of the setting. */
function asOwn(issue: v.BaseIssue<unknown>): v.RawTransformIssueInfo<Record<string, unknown>> {
  const { expected, received, path } = issue
  // A mapping that is open has no unknown keys; this one says itself what it is.
  const message = expected === 'never' ? coded('unknown_key', 'there is no such setting') : repeated(issue)
  return { message, received, path: path as never, ...(expected !== null && { expected }) }
}
