// Headers that a config adds: a mapping, or a list of names and values. Values are secrets.
import { validateHeaderName, validateHeaderValue } from 'node:http'
import * as v from 'valibot'
import { list, record, required, section } from '../config/schema.ts'
import { nonEmptyText, type Secret, secret } from '../config/values.ts'

export type HeaderList = readonly (readonly [name: string, value: Secret])[]

const pairs = list(section({ name: required(nonEmptyText, 'The name.'), value: required(secret, 'The value.') }))

/** `{ name: value }` or `[{ name, value }]`; a name that no header can have, a value with a line break and a name given twice are errors. */
export const headerList = v.pipe(
  v.union([pairs, record(secret)], 'must be a mapping of names to values, or a list of { name, value }'),
  v.transform(
    (headers): HeaderList =>
      Array.isArray(headers) ? headers.map(({ name, value }) => [name, value] as const) : Object.entries(headers),
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const seen = new Set<string>()
    for (const [name, value] of dataset.value) {
      const problem = seen.has(name.toLowerCase()) ? `${name} is given twice` : problemWith(name, value)
      if (problem !== undefined) addIssue({ message: problem })
      seen.add(name.toLowerCase())
    }
  }),
)

function problemWith(name: string, value: Secret): string | undefined {
  try {
    validateHeaderName(name)
  } catch {
    return `${JSON.stringify(name)} cannot be the name of a header`
  }
  try {
    validateHeaderValue(name, value.reveal())
  } catch {
    return `the value of ${name} has a character that no header can have, such as a line break`
  }
  return undefined
}
