// What plugins import as `sluice/plugin`: what components promise, what flows, delivery, and the pieces of schemas.
export * as v from 'valibot'
export { coded } from './config/coded.ts'
export type { ProblemCode } from './config/problem-code.ts'
export {
  list,
  named,
  oneOf,
  optional,
  record,
  required,
  section,
  setting,
  texts,
} from './config/schema.ts'
export { duration, flag, integer, nonEmptyText, number, Secret, secret, size, text } from './config/values.ts'
export * from './contract/index.ts'
export * from './data/index.ts'
export * from './delivery/index.ts'
