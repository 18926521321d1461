import type { ItemProcessor } from '../../contract/index.ts'
import type { StatusCode } from '../../data/index.ts'
import { selectSpans } from '../../match/select.ts'
import type { SpanConfig } from './config.ts'
import { type Edit, fromAttributes, toAttributes } from './rename.ts'

export function createSpanProcessor(config: SpanConfig): ItemProcessor<'traces'> {
  const isSelected = selectSpans(config)
  const edits = [fromAttributes(config.name), toAttributes(config.name), settingStatus(config)].filter(
    (edit) => edit !== undefined,
  )
  return {
    visitor: {
      onSpan(span, scope, resource) {
        if (isSelected !== undefined && !isSelected(span, scope, resource)) return
        for (let i = 0; i < edits.length; i++) edits[i]!(span)
      },
    },
  }
}

const CODES: Readonly<Record<'Unset' | 'Ok' | 'Error', StatusCode>> = { Unset: 0, Ok: 1, Error: 2 }

function settingStatus({ status }: SpanConfig): Edit | undefined {
  if (status === undefined) return undefined
  const code = CODES[status.code]
  const { description } = status
  return (span) => {
    if (span.statusCode !== code || span.statusMessage !== description) span.setStatus(code, description)
  }
}
