// What components promise. Plugins see this as part of `sluice/plugin`.
export * from './authenticator.ts'
export * from './component.ts'
export * from './consumer.ts'
export * from './errors.ts'
export * from './factory.ts'
export * from './insight.ts'
export * from './settings.ts'
export * from './signals.ts'
