import * as v from 'valibot'
import { required, section, texts } from '../../config/schema.ts'

export const config = section({
  metrics: required(
    v.pipe(texts, v.minLength(1, 'must name at least one metric')),
    'The names of the delta sums that become rates.',
  ),
})
export type DeltaToRateConfig = v.InferOutput<typeof config>
