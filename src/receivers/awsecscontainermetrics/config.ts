import type * as v from 'valibot'
import { section } from '../../config/schema.ts'
import { scrapeEntries } from '../../scrape/schedule.ts'

export const config = section(scrapeEntries('20s'))
export type EcsContainerMetricsConfig = v.InferOutput<typeof config>
