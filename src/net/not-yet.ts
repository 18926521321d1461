import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { anything } from '../config/schema.ts'

/** A setting of the collector that this agent cannot honour: an error wherever it is set, never silence. */
export const notYet = (what: string) =>
  v.pipe(
    v.nullish(anything, undefined),
    v.check(
      (value) => value === undefined || value === null || (Array.isArray(value) && value.length === 0),
      coded(
        'unsupported_setting',
        `${what} are not supported by this version: remove the setting, or put what they do in front of the agent`,
      ),
    ),
    v.transform(() => undefined),
    v.description(`Not supported by this version: ${what}.`),
  )
