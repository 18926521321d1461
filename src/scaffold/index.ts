// What `sluice new` writes: pure, from a name to texts.
export { componentEdits, componentFiles, type Edit } from './component.ts'
export type { Name } from './draft.ts'
export { draftsOf } from './drafts/index.ts'
export { anOf, NameError, nameOf } from './name.ts'
export { pluginFiles } from './plugin.ts'
