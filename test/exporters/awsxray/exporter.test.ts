import { type Test, test } from 'tap'
import * as v from 'valibot'
import { AwsError } from '../../../src/aws/index.ts'
import { SegmentDecoder } from '../../../src/aws/xray/decode.ts'
import { PermanentError } from '../../../src/contract/index.ts'
import { Builder } from '../../../src/data/index.ts'
import { config } from '../../../src/exporters/awsxray/config.ts'
import { type TestSettings, testSettings } from '../../../src/testing/index.ts'
import { type Document, spansOf } from '../../aws/xray/segments.ts'
import { type Rig, spanId, spans, start } from './rig.ts'

const retrying = { retry_on_failure: { initial_interval: '1s', randomization_factor: 0 } }

/** Consumes, and lets time go on until it is done. */
async function through({ settings, consume }: Rig, ...batch: Parameters<Rig['consume']>): Promise<void> {
  let isDone = false
  const done = consume(...batch).finally(() => {
    isDone = true
  })
  done.catch(() => {})
  for (let i = 0; i < 400 && !isDone; i++) await settings.clock.advance(1000)
  await done
}

function conserved(t: Test, settings: TestSettings, expected: { out: number; dropped?: number }): void {
  const { enteredItems, outItems, droppedItems, held } = settings.ledger('traces')
  t.equal(held, 0)
  t.equal(enteredItems, outItems + droppedItems)
  t.equal(outItems, expected.out)
  t.equal(droppedItems, expected.dropped ?? 0)
}

const refusedAs = (reason: string): Error => Object.assign(new Error(), { reason })
const idsOf = (documents: readonly Document[]): string[] => documents.map(({ id }) => id)

test('spans arrive as documents, up to 50 a request', async (t) => {
  const { client, consume, stop, settings } = await start()
  t.ok(client.isStarted)
  await consume(spans(120))
  t.equal(client.service.requests, 3)
  t.strictSame(
    idsOf(client.service.documents),
    Array.from({ length: 120 }, (_, i) => spanId(i)),
  )
  t.strictSame(client.service.violations, [])
  conserved(t, settings, { out: 120 })
  await stop()
  t.ok(client.isClosed)
})

test('a request has at most a mebibyte, and the two documents of a span stay together', async (t) => {
  const { client, consume, settings } = await start()
  await consume(spans(60, 0, { attributes: { text: 'x'.repeat(60_000) } }))
  t.ok(
    client.sizes.every((size) => size <= 1024 * 1024 + 100),
    String(client.sizes),
  )
  t.equal(client.service.documents.length, 60)
  await consume(spans(60, 100, { kind: 'client', attributes: { 'aws.span.kind': 'LOCAL_ROOT' } }))
  t.equal(client.service.documents.length, 180)
  conserved(t, settings, { out: 120 })
})

test('nothing to send is no request', async (t) => {
  const { client, consume, drops } = await start()
  await consume(spansOf([]))
  await consume(spansOf([{ spanId: '' }]))
  t.equal(client.service.requests, 0)
  t.strictSame(drops(), { no_id: 1 })
})

test('the settings of the translation reach it', async (t) => {
  const { client, consume } = await start({
    indexed_attributes: ['a', 'otel.resource.team'],
    aws_log_groups: ['/ecs/shop'],
  })
  await consume(spansOf([{ attributes: { a: 1, b: 2 } }], { team: 'x' }))
  const [document] = client.service.documents
  t.strictSame(document.annotations, { a: 1, 'otel.resource.team': 'x' })
  t.strictSame(document.aws.cloudwatch_logs, [{ log_group: '/ecs/shop' }])
  const all = await start({ index_all_attributes: true })
  await all.consume(spansOf([{ attributes: { a: 1, b: 2 } }]))
  t.strictSame(all.client.service.documents[0].annotations, { a: 1, b: 2 })
})

test('trace ids without a time are taken, unless the config wants them to have one', async (t) => {
  const settings = testSettings()
  const now = Math.floor(settings.clock.now() / 1000)
  const traceId = (seconds: number): string => `${seconds.toString(16).padStart(8, '0')}a006649127e371903a2de979`
  const day = 24 * 3600
  const batch = spansOf(
    [0, 28 * day, 28 * day + 1, -300, -301, now].map((age) => ({
      traceId: traceId(now - age),
      links: [0, 29 * day].map((old) => ({ traceId: traceId(now - old), spanId: spanId(1) })),
    })),
  )
  const lenient = await start({}, testSettings())
  await lenient.consume(batch)
  t.equal(lenient.client.service.documents.length, 6)
  const { client, consume, drops } = await start({ skip_timestamp_validation: false }, settings)
  await consume(batch)
  t.equal(client.service.documents.length, 3)
  t.strictSame(drops(), { old_trace_id: 3 })
  t.strictSame(
    client.service.documents.map(({ links }) => links.length),
    [1, 1, 1],
  )
})

test('what X-Ray does not process is sent again, it alone, as long as it may be taken later', async (t) => {
  const rig = await start(retrying)
  const { client, settings, drops } = rig
  let attempts = 0
  client.service.refuse = ({ id }) => {
    attempts++
    return Number.parseInt(id, 16) % 3 === 0 && attempts <= 50 ? { ErrorCode: 'ThrottledException' } : undefined
  }
  await through(rig, spans(50))
  t.equal(client.service.requests, 2)
  t.strictSame(
    idsOf(client.service.documents).toSorted(),
    Array.from({ length: 50 }, (_, i) => spanId(i)),
  )
  t.strictSame(drops(), {})
  conserved(t, settings, { out: 50 })
})

test('what X-Ray will never process is counted by its reason, the rest is there once', async (t) => {
  const rig = await start(retrying)
  const { client, settings, drops } = rig
  const codes: Record<number, string> = {
    3: 'InvalidName',
    5: 'InvalidTraceId',
    8: 'NeverHeardOf',
    9: 'InternalFailure',
    11: 'InvalidSegment',
  }
  let requests = 0
  client.service.refuse = ({ id }) => {
    const ErrorCode = codes[Number.parseInt(id, 16)]
    if (ErrorCode === undefined || (ErrorCode === 'InternalFailure' && requests++ > 1)) return undefined
    return { ErrorCode, Message: 'because' }
  }
  await through(rig, spans(20))
  t.strictSame(drops(), { invalid_name: 1, invalid_trace_id: 1, rejected_by_destination: 1, invalid_segment: 1 })
  conserved(t, settings, { out: 16, dropped: 4 })
  t.equal(new Set(idsOf(client.service.documents)).size, 16)
  t.equal(client.service.documents.length, 16)
  const [line] = settings.lines.filter(({ level }) => level === 'error')
  t.match(line, { message: 'data lost: spans that X-Ray does not take', fields: { error: /because \(segment 0/ } })
})

test('a request of which nothing is taken fails as a whole', async (t) => {
  const rig = await start()
  rig.client.service.refuse = () => ({ ErrorCode: 'InvalidName' })
  await t.rejects(rig.consume(spans(3)), refusedAs('invalid_name'))
  rig.client.service.refuse = ({ id }) => ({ ErrorCode: id.endsWith('1') ? 'InvalidName' : 'InvalidSegment' })
  await rig.consume(spans(3))
  t.strictSame(rig.drops(), { invalid_name: 1, invalid_segment: 2 })
})

test('of a span with two documents one refusal is a lost span', async (t) => {
  for (const [call, service, drops, documents] of [
    ['InvalidName', undefined, { invalid_name: 1 }, 1],
    ['InvalidName', 'InvalidSegment', { invalid_name: 1 }, 0],
    ['InvalidName', 'ThrottledException', { invalid_name: 1 }, 0],
    ['ThrottledException', undefined, {}, 2],
    ['ThrottledException', 'ThrottledException', {}, 2],
  ] as const) {
    const rig = await start(retrying)
    let requests = 0
    rig.client.service.refuse = ({ type }) => {
      const code = type === 'subsegment' ? call : service
      return code === undefined || (code === 'ThrottledException' && requests++ > 1) ? undefined : { ErrorCode: code }
    }
    const localRoot = spans(1, 0, { kind: 'client', attributes: { 'aws.span.kind': 'LOCAL_ROOT' } })
    // A sender that waits is told, and nothing is dropped then.
    const reason = await through(rig, localRoot).then(
      () => undefined,
      (error: unknown) => error instanceof PermanentError && error.reason,
    )
    t.equal(reason, Object.keys(drops)[0], `${call} ${service}`)
    t.equal(rig.settings.ledger('traces').outItems, reason === undefined ? 1 : 0)
    t.equal(rig.client.service.documents.length, documents, `${call} ${service}`)
  }
})

const inside = (digit: string) => ({ id: digit.repeat(16), name: 'c', start_time: 1, end_time: 2 })
const segmentOf = (id: number) => ({
  id: spanId(id),
  trace_id: '1-58406520-a006649127e371903a2de979',
  name: 'n',
  start_time: 1,
  end_time: 3,
})

test('a segment that takes its subsegments back is one document, and each of them counts', async (t) => {
  const decoder = new SegmentDecoder()
  const batchOf = (...documents: readonly object[]) => {
    const builder = new Builder('traces')
    for (const document of documents) decoder.decode(Buffer.from(JSON.stringify(document)), builder)
    return builder.build()
  }
  const whole = { ...segmentOf(0), subsegments: [{ ...inside('2'), subsegments: [inside('3')] }, inside('4')] }
  const many = Array.from({ length: 60 }, (_, i) => ({ ...whole, id: spanId(i) }))
  const all = await start()
  await all.consume(batchOf(...many))
  t.equal(all.client.service.requests, 2)
  t.strictSame(all.client.service.documents, many)
  t.strictSame(all.client.service.violations, [])
  conserved(t, all.settings, { out: 240 })

  const again = await start(retrying)
  let isFirst = true
  again.client.service.refuse = ({ id }) => {
    if (id !== spanId(0) || !isFirst) return undefined
    isFirst = false
    return { ErrorCode: 'ThrottledException' }
  }
  await through(again, batchOf(whole, segmentOf(1)))
  t.strictSame(again.client.service.documents, [segmentOf(1), whole])
  conserved(t, again.settings, { out: 5 })

  const refused = await start()
  refused.client.service.refuse = ({ id }) => (id === spanId(0) ? { ErrorCode: 'InvalidSegment' } : undefined)
  await refused.consume(batchOf(whole, segmentOf(1)))
  t.strictSame(refused.drops(), { invalid_segment: 4 })
  conserved(t, refused.settings, { out: 1, dropped: 4 })

  const unsure = await start()
  unsure.client.answers.push({
    UnprocessedTraceSegments: [{ ErrorCode: 'InvalidName' }, { Id: spanId(0), ErrorCode: 'InvalidSegment' }],
  })
  await unsure.consume(batchOf(whole))
  t.strictSame(unsure.drops(), { invalid_name: 1, invalid_segment: 3 }, 'no more is lost than there is')
  conserved(t, unsure.settings, { out: 0, dropped: 4 })
})

test('answers that name no segment, or one that is not there, lose no more than there is', async (t) => {
  for (const Id of [null, 'ffffffffffffffff']) {
    const rig = await start()
    rig.client.service.refuse = ({ id }) => (id === spanId(0) ? { ErrorCode: 'MissingId', Id } : undefined)
    await rig.consume(spans(3))
    t.strictSame(rig.drops(), { invalid_id: 1 })
    conserved(t, rig.settings, { out: 2, dropped: 1 })
  }
  const rig = await start()
  rig.client.answers.push({ UnprocessedTraceSegments: Array.from({ length: 9 }, () => ({ ErrorCode: 'InvalidName' })) })
  await t.rejects(rig.consume(spans(2)), refusedAs('invalid_name'))
  const again = await start()
  again.client.answers.push({ UnprocessedTraceSegments: [{ ErrorCode: 'ThrottledException' }] })
  await again.consume(spans(2))
  t.strictSame(again.drops(), { rejected_by_destination: 1 }, 'which one to send again is not known')
  conserved(t, again.settings, { out: 1, dropped: 1 })
})

test('answers of any other shape are successes', async (t) => {
  for (const answer of [
    {},
    { UnprocessedTraceSegments: null },
    { UnprocessedTraceSegments: 'x' },
    [],
    'ok',
    null,
    { UnprocessedTraceSegments: [null, 7] },
  ]) {
    const rig = await start()
    rig.client.answers.push(answer)
    await rig.consume(spans(2))
    conserved(t, rig.settings, { out: 2 })
  }
})

test('the same id in two traces is two segments', async (t) => {
  const rig = await start()
  const twins = ['a', 'b'].map((digit) => ({ traceId: digit.repeat(32), spanId: spanId(7) }))
  rig.client.service.refuse = ({ trace_id }) =>
    trace_id.startsWith('1-aaaa') ? { ErrorCode: 'InvalidName' } : undefined
  await rig.consume(spansOf(twins))
  conserved(t, rig.settings, { out: 1, dropped: 1 })
})

test('a request that is too large is halved, a document that is too large alone is dropped', async (t) => {
  const rig = await start()
  const { client, drops, settings } = rig
  const call = client.call.bind(client)
  client.call = async (of) => {
    const documents: string[] = JSON.parse(Buffer.concat(of.chunks).toString()).TraceSegmentDocuments
    if (documents.length > 3 || documents.some((text) => text.includes(spanId(4))))
      throw new AwsError('too_large', 'RequestEntityTooLarge', 'too large', { status: 413 })
    return call(of)
  }
  await rig.consume(spans(10))
  t.strictSame(drops(), { too_large: 1 })
  conserved(t, settings, { out: 9, dropped: 1 })
  t.equal(new Set(idsOf(client.service.documents)).size, 9)
})

test('refusals of the whole request: what may pass later is sent again, what never will is told', async (t) => {
  for (const refusal of ['throttled', 'transient', 'credentials', 'denied', 'missing'] as const) {
    const rig = await start(retrying)
    rig.client.failures.push(new AwsError(refusal, 'Code', 'no', { status: 400 }))
    await through(rig, spans(2))
    conserved(t, rig.settings, { out: 2 })
  }
  const rig = await start(retrying)
  rig.client.failures.push(new AwsError('invalid', 'InvalidRequestException', 'no', { status: 400 }))
  await t.rejects(rig.consume(spans(2)), refusedAs('invalid_request'))
})

test('documents that were cut are told once, with how', async (t) => {
  const { consume, settings } = await start()
  await consume(spans(3, 0, { attributes: { text: 'x'.repeat(100_000) } }))
  const lines = settings.lines.filter(({ message }) => message.startsWith('segment documents are larger'))
  t.equal(lines.length, 1)
  t.match(lines[0], {
    level: 'warn',
    fields: { reasons: { 'metadata values up to 2,048 bytes': 1 }, error: /^trace 5840/ },
  })
  conserved(t, settings, { out: 3 })
})

test('spans that are each other’s parents, or their own, are documents like any other (bad input 120)', async (t) => {
  const { client, consume, settings } = await start()
  const count = 5000
  await consume(
    spansOf(
      Array.from({ length: count }, (_, i) => ({
        kind: 'internal' as const,
        spanId: spanId(i),
        parentId: spanId(i % 3 === 0 ? i : (i + 1) % count),
      })),
    ),
  )
  t.equal(client.service.documents.length, count)
  t.strictSame(client.service.violations, [])
  conserved(t, settings, { out: count })
})

test('a middleware is refused with words', async (t) => {
  const { issues } = v.safeParse(config, { middleware: 'one' })
  t.match(issues?.[0]?.message, /middleware extensions are not supported/)
})
