// The settings of exporters that write to log groups.
import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { oneOf, record, setting } from '../../config/schema.ts'
import { text } from '../../config/values.ts'
import { templateProblem } from './template.ts'

/** In days; what PutRetentionPolicy takes, and 0 for none. */
const RETENTIONS = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const

const MAX_TAGS = 50
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u
const TAG_CHARACTERS = 'letters, digits, spaces and _ . : / = + - @'

const retention = v.pipe(
  v.number('must be a whole number of days'),
  v.check(
    (days) => RETENTIONS.some((allowed) => allowed === days),
    coded('unknown_choice', `must be one of ${RETENTIONS.join(', ')} (0: for ever)`),
  ),
  v.metadata({ kind: 'integer', least: 0, most: RETENTIONS.at(-1)! }),
)

const unfitKey = (tags: object): unknown => Object.keys(tags).find((key) => !TAG_KEY.test(key))
const unfitValue = (tags: object): unknown => Object.values(tags).find((value) => !TAG_VALUE.test(value))

const tags = v.pipe(
  record(text),
  v.check((tags) => Object.keys(tags).length <= MAX_TAGS, coded('out_of_range', `must be at most ${MAX_TAGS} tags`)),
  v.check(
    (tags) => unfitKey(tags) === undefined,
    coded(
      'invalid_setting',
      ({ input }: v.CheckIssue<Record<string, string>>) =>
        `must have keys of 1 to 128 ${TAG_CHARACTERS}, has ${JSON.stringify(unfitKey(input))}`,
    ),
  ),
  v.check(
    (tags) => unfitValue(tags) === undefined,
    coded(
      'invalid_setting',
      ({ input }: v.CheckIssue<Record<string, string>>) =>
        `must have values of 1 to 256 ${TAG_CHARACTERS}, has ${JSON.stringify(unfitValue(input))}`,
    ),
  ),
)

/** How log groups are made that are not there. */
export const logGroupSettings = () => ({
  log_retention: setting(
    retention,
    0,
    'How many days a log group that is made here keeps its events; 0 keeps them for ever. Groups that are there stay as they are.',
  ),
  tags: setting(tags, {}, 'Tags of log groups that are made here, 50 at most.'),
  kms_key_id: setting(
    text,
    '',
    'The ARN of the KMS key that encrypts log groups made here; AWS has its own if not given.',
  ),
  log_group_class: setting(
    oneOf(['', 'STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']),
    '',
    "The class of log groups made here; AWS's default, STANDARD, if not given.",
  ),
})

export interface LogGroupConfig {
  readonly log_retention: number
  readonly tags: Readonly<Record<string, string>>
  readonly kms_key_id: string
  readonly log_group_class: string
}

const template = (kind: 'group' | 'stream') =>
  v.pipe(
    v.string('must be a text'),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? templateProblem(dataset.value, kind) : undefined
      if (problem !== undefined) addIssue({ message: problem })
    }),
    v.metadata({ kind: 'text' }),
  )

/** The name of a group or a stream, with placeholders (see template.ts); may be empty. */
export const logGroupName = template('group')
export const logStreamName = template('stream')
