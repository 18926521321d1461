import type * as v from 'valibot'
import { required, section } from '../../config/schema.ts'
import { actionList } from '../../match/actionconfig.ts'

export const config = section({
  attributes: required(actionList, 'What is done to the attributes of each resource, in this order.'),
})
export type ResourceConfig = v.InferOutput<typeof config>
