// What plugins import as `sluice/plugin`: what components promise, what flows, delivery, and the pieces of schemas.
export * as v from 'valibot'
export { named, optional, required, section, setting } from './config/schema.ts'
export { duration, integer, Secret, secret } from './config/values.ts'
export * from './contract/index.ts'
export * from './data/index.ts'
export * from './delivery/index.ts'
