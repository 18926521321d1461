import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, required, section, setting } from '../../config/schema.ts'
import { nonEmptyText, number, text } from '../../config/values.ts'
import { problem } from '../../match/problem.ts'

const rule = v.pipe(
  section({
    name: required(nonEmptyText, 'The name of the new metric.'),
    unit: setting(text, '', 'Its unit.'),
    type: required(oneOf(['calculate', 'scale']), '`calculate` it from two metrics, or `scale` one by a number.'),
    metric1: required(nonEmptyText, 'The first operand: a gauge or a sum. The new metric has its type and its points.'),
    metric2: optional(nonEmptyText, 'The second operand of `calculate`: the value of its first point.'),
    operation: required(
      oneOf(['add', 'subtract', 'multiply', 'divide', 'percent']),
      'What is done with the two: `percent` is a hundred times the quotient.',
    ),
    scale_by: optional(number(), 'The second operand of `scale`: a number above 0.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const given = dataset.value
    const { type, name, metric1, metric2, scale_by = 0 } = given
    if (type === 'calculate' && metric2 === undefined)
      addIssue(problem(given, [], coded('missing_setting', 'calculate needs a metric2')))
    if (type === 'scale' && scale_by <= 0)
      addIssue(problem(given, ['scale_by'], coded('out_of_range', 'must be above 0 for scale')))
    if (name === metric1 || name === metric2)
      addIssue(problem(given, ['name'], `must not be that of ${name === metric1 ? 'metric1' : 'metric2'}`))
  }),
)
export type Rule = v.InferOutput<typeof rule>

export const config = section({
  rules: setting(list(rule), [], 'The metrics to make, in this order.'),
})
export type MetricsGenerationConfig = v.InferOutput<typeof config>
