// The body of a log record is the document: the mode `bodymap` of both of the collector's exporters.
import type { LogRecord } from '../data/index.ts'
import { contentAt, kindOf, MAP } from '../data/raw.ts'
import { writeMapFields } from './fields.ts'
import type { Mode } from './mode.ts'

/** Another body than a map makes no document. */
export function createBodyMapLogs(): Mode<LogRecord> {
  return {
    resource() {},
    scope() {},
    write(json, record) {
      let problem: string | undefined = 'body_is_no_map'
      record.rawBody((bytes, at, end) => {
        if (kindOf(bytes, at, end) !== MAP) return
        writeMapFields(json, bytes, contentAt, 'hex')
        problem = undefined
      })
      return problem
    },
  }
}
