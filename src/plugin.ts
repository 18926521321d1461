// What plugins import as `sluice/plugin`.
export * from './contract/index.ts'
export * from './data/index.ts'
export * from './delivery/index.ts'
