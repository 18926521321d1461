// The span that a request belongs to, as its headers say: https://www.w3.org/TR/trace-context/ and B3
// (https://github.com/openzipkin/b3-propagation).

export interface RemoteParent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

export type Propagator = 'tracecontext' | 'b3'

/** Metadata has lower-case names. The first propagator that finds something wins. */
export function remoteParent(
  propagators: readonly Propagator[],
  metadata: ReadonlyMap<string, readonly string[]> | undefined,
): RemoteParent | undefined {
  if (metadata === undefined || metadata.size === 0) return undefined
  const header = (name: string): string => metadata.get(name)?.[0] ?? ''
  for (const propagator of propagators) {
    const found = propagator === 'tracecontext' ? fromTraceparent(header('traceparent')) : fromB3(header)
    if (found !== undefined) return found
  }
  return undefined
}

/** version "-" trace-id "-" parent-id "-" trace-flags; versions to come may append more. */
function fromTraceparent(text: string): RemoteParent | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/.exec(text)
  return match === null ? undefined : parentOf(match[1]!, match[2]!, (Number.parseInt(match[3]!, 16) & 1) === 1)
}

/** One header, `{trace}-{span}-{sampled}`, or one for each. */
function fromB3(header: (name: string) => string): RemoteParent | undefined {
  const match = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i.exec(header('b3'))
  if (match !== null) return parentOf(match[1]!.toLowerCase(), match[2]!.toLowerCase(), match[3] !== '0')
  const traceId = header('x-b3-traceid').toLowerCase()
  const spanId = header('x-b3-spanid').toLowerCase()
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{16})$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return undefined
  return parentOf(traceId, spanId, header('x-b3-sampled') !== '0')
}

function parentOf(traceId: string, spanId: string, isSampled: boolean): RemoteParent | undefined {
  const isNone = /^0*$/.test(traceId) || /^0*$/.test(spanId)
  return isNone ? undefined : { traceId: traceId.padStart(32, '0'), spanId, isSampled }
}
