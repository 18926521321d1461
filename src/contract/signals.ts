import type { Signal } from '../data/index.ts'

/** All that there are. It stands here since a start needs it, and nothing else of src/data. */
export const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs']
