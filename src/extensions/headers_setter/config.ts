import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { extensionId } from '../../config/component-id.ts'
import { list, oneOf, optional, required, section, setting } from '../../config/schema.ts'
import { nonEmptyText, secret } from '../../config/values.ts'
import { isFraming } from '../../net/client-config.ts'

const SOURCES = ['value', 'value_file', 'from_context', 'from_attribute'] as const

const header = v.pipe(
  section({
    action: setting(
      oneOf(['upsert', 'insert', 'update', 'delete']),
      'upsert',
      'upsert sets the header, insert only when it is not there, update only when it is; delete takes it away.',
    ),
    key: required(
      v.pipe(
        nonEmptyText,
        v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, coded('unfit_header', 'must be the name of a header')),
        v.check(
          (name) => !isFraming(name),
          coded('unfit_header', ({ input }) => `${String(input)} is set by the client itself`),
        ),
      ),
      'The name of the header.',
    ),
    value: optional(secret, 'The value.'),
    value_file: optional(nonEmptyText, 'A file with the value, read again when it changes.'),
    from_context: optional(nonEmptyText, 'A header of the request that the data came with (include_metadata).'),
    from_attribute: optional(nonEmptyText, 'What the authenticator of the receiver said about the sender: subject.'),
    default_value: optional(secret, 'The value when from_context or from_attribute has none. Default: empty.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const given = SOURCES.filter((source) => dataset.value[source] !== undefined)
    if (dataset.value.action === 'delete') return
    if (given.length === 0) addIssue({ message: coded('missing_setting', `needs one of ${SOURCES.join(', ')}`) })
    if (given.length > 1) addIssue({ message: `has ${given.join(' and ')}: one source is enough` })
    for (const name of ['value', 'default_value'] as const)
      if (!isValue(dataset.value[name]?.reveal() ?? ''))
        addIssue({ message: coded('unfit_header', `${name}: ${NO_VALUE}`) })
  }),
)

export const config = section({
  headers: required(v.pipe(list(header), v.minLength(1, 'must have at least one header')), 'In the order of the list.'),
  additional_auth: optional(
    extensionId,
    'Another authenticator, asked besides: over HTTP it sees the headers that are set here (and signs them).',
  ),
})
export type HeadersSetterConfig = v.InferOutput<typeof config>
export type HeaderConfig = HeadersSetterConfig['headers'][number]

/** What a header can carry. */
export const isValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
export const NO_VALUE = 'has a line break or a letter that headers cannot carry'
