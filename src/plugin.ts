// What plugins import as `sluice/plugin`: what components promise, what flows, delivery, and the pieces of schemas.
export * as v from 'valibot'
export {
  duration,
  integer,
  named,
  optional,
  required,
  Secret,
  secret,
  section,
  setting,
} from './config/index.ts'
export * from './contract/index.ts'
export * from './data/index.ts'
export * from './delivery/index.ts'
