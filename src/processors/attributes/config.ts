import type * as v from 'valibot'
import { required, section } from '../../config/schema.ts'
import { actionList } from '../../match/actionconfig.ts'
import { matchSettings } from '../../match/config.ts'

export const config = section({
  ...matchSettings,
  actions: required(actionList, 'What is done, in this order.'),
})
export type AttributesConfig = v.InferOutput<typeof config>
