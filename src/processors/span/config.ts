import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, required, section, setting, texts } from '../../config/schema.ts'
import { flag, text } from '../../config/values.ts'
import { patternText, spanMatchSettings } from '../../match/config.ts'
import { problem } from '../../match/problem.ts'

const toAttributes = section({
  rules: setting(
    list(patternText),
    [],
    'Patterns for the name, one after the other: what a named group finds becomes the attribute of that name.',
  ),
  break_after_match: setting(flag, false, 'Whether the first pattern that is found is the last.'),
  keep_original_name: setting(flag, false, 'Whether the name stays; if not, `{group}` is put where a group was found.'),
})

const name = section({
  from_attributes: setting(texts, [], 'Attributes whose values make the new name; when one is missing the name stays.'),
  separator: setting(text, '', 'What stands between them.'),
  to_attributes: optional(toAttributes, 'Takes attributes from the name, once `from_attributes` has made it.'),
})

const status = v.pipe(
  section({
    code: required(oneOf(['Ok', 'Error', 'Unset']), 'The status code.'),
    description: setting(text, '', 'What went wrong, for `Error`.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.description !== '' && dataset.value.code !== 'Error')
      addIssue(problem(dataset.value, ['description'], 'is for the code Error only'))
  }),
)

export const config = v.pipe(
  section({
    ...spanMatchSettings,
    name: setting(name, {}, 'The name of the span: from attributes, to attributes.'),
    status: optional(status, 'The status that the span gets.'),
  }),
  v.check(
    ({ name: { from_attributes, to_attributes }, status: given }) =>
      from_attributes.length > 0 || (to_attributes?.rules ?? []).length > 0 || given !== undefined,
    coded('missing_setting', 'must have name::from_attributes, name::to_attributes::rules or status'),
  ),
)
export type SpanConfig = v.InferOutput<typeof config>
