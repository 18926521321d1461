// The configuration language: pieces of schemas, and how a config is loaded and checked.
export * from './schema.ts'
export * from './telemetry.ts'
export * from './values.ts'
