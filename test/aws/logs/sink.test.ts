import { test } from 'tap'
import type { PutLogEvents } from '../../../src/aws/logs/index.ts'
import { MAX_AGE_MS } from '../../../src/aws/logs/limits.ts'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import type { Outgoing } from '../../../src/delivery/index.ts'
import { testContext } from '../../../src/testing/index.ts'
import { type PutBody, type Rig, refuse, rig } from './kit.ts'

const add = ({ events, settings }: Rig, group: string, count: number, spacingMs = 1): void => {
  const stream = events.streamOf(group, 'stream')
  for (let i = 0; i < count; i++) events.addText(stream, settings.clock.now() + i * spacingMs, `${group} ${i}`)
}
const taken = ({ events, drop }: Rig): Outgoing<PutLogEvents> => events.take(drop)[0]!

const send = async (here: Rig, outgoing = taken(here)): Promise<unknown> => {
  try {
    await here.sink.send(outgoing, testContext(), here.drop)
    return undefined
  } catch (error) {
    return error
  }
}
const isFor = (group: string) => (body: Record<string, unknown>) => body.logGroupName === group
const messages = (puts: readonly PutBody[]): string[] =>
  puts.flatMap(({ logEvents }) => logEvents.map(({ message }) => message))

/** AWS as far as groups and streams go. */
function withStreams({ logs }: Rig): { groups: Set<string>; streams: Set<string> } {
  const groups = new Set<string>()
  const streams = new Set<string>()
  logs.answer = (operation, body) => {
    const group = String(body.logGroupName)
    const stream = `${group} ${body.logStreamName}`
    if (operation === 'CreateLogGroup') {
      if (groups.has(group)) refuse('exists', 'ResourceAlreadyExistsException')
      groups.add(group)
    } else if (!groups.has(group)) refuse('missing', 'ResourceNotFoundException')
    if (operation === 'CreateLogStream') {
      if (streams.has(stream)) refuse('exists', 'ResourceAlreadyExistsException')
      streams.add(stream)
    }
    if (operation === 'PutLogEvents' && !streams.has(stream)) refuse('missing', 'ResourceNotFoundException')
    return {}
  }
  return { groups, streams }
}

test('a group and a stream that are not there are made, as the config says, and the events sent again', async (t) => {
  const here = rig({ retentionDays: 30, tags: { team: 'shop' }, kmsKeyId: 'arn:aws:kms:x', logGroupClass: 'STANDARD' })
  withStreams(here)
  add(here, '/ecs/order', 2)
  t.equal(await send(here), undefined)
  t.same(here.logs.operations, [
    'PutLogEvents',
    'CreateLogStream',
    'CreateLogGroup',
    'PutRetentionPolicy',
    'CreateLogStream',
    'PutLogEvents',
  ])
  t.same(here.logs.calls[2]?.body, {
    logGroupName: '/ecs/order',
    tags: { team: 'shop' },
    kmsKeyId: 'arn:aws:kms:x',
    logGroupClass: 'STANDARD',
  })
  t.same(here.logs.calls[3]?.body, { logGroupName: '/ecs/order', retentionInDays: 30 })
  add(here, '/ecs/order', 1)
  t.equal(await send(here), undefined)
  t.equal(here.logs.operations.length, 7, 'what is there is not made again')
})

test('a group that is there is left as it is', async (t) => {
  const here = rig({ retentionDays: 30, tags: { team: 'shop' } })
  withStreams(here).groups.add('/ecs/order')
  add(here, '/ecs/order', 1)
  t.equal(await send(here), undefined)
  t.same(here.logs.operations, ['PutLogEvents', 'CreateLogStream', 'PutLogEvents'])
})

test('a stream that is not seen at once after it was made is tried again soon', async (t) => {
  const here = rig()
  here.logs.answer = (operation) => (operation === 'PutLogEvents' ? refuse('missing', 'ResourceNotFoundException') : {})
  add(here, 'group', 1)
  const error = await send(here)
  t.match(error, { name: 'RetryableError', reason: 'resource_not_found', remaining: { items: 1 } })
  t.equal((error as RetryableError).waitMs, undefined)
  t.same(here.logs.operations, ['PutLogEvents', 'CreateLogStream', 'PutLogEvents'])
})

test('what someone else has made meanwhile is as good', async (t) => {
  const here = rig()
  let puts = 0
  here.logs.answer = (operation) => {
    if (operation === 'PutLogEvents') return puts++ === 0 ? refuse('missing', 'ResourceNotFoundException') : {}
    return refuse('exists', 'ResourceAlreadyExistsException')
  }
  add(here, 'group', 1)
  t.equal(await send(here), undefined)
})

test('many batches for one new stream make it once', async (t) => {
  const here = rig()
  withStreams(here)
  const batches = Array.from({ length: 5 }, () => {
    add(here, 'new', 1)
    return taken(here)
  })
  t.same(await Promise.all(batches.map((outgoing) => send(here, outgoing))), Array(5).fill(undefined))
  t.equal(here.logs.operations.filter((operation) => operation === 'CreateLogGroup').length, 1)
})

test('a retention that could not be set holds up no event, and is set later', async (t) => {
  const here = rig({ retentionDays: 7 })
  withStreams(here)
  const { answer } = here.logs
  let isDenied = true
  here.logs.answer = (operation, body) =>
    operation === 'PutRetentionPolicy' && isDenied ? refuse('denied', 'AccessDeniedException') : answer(operation, body)
  add(here, 'group', 1)
  t.equal(await send(here), undefined)
  isDenied = false
  const retentions = () => here.logs.operations.filter((operation) => operation === 'PutRetentionPolicy').length
  add(here, 'group', 1)
  t.equal(await send(here), undefined)
  t.equal(retentions(), 1, 'not at once')
  await here.settings.clock.advance(60_000)
  for (let i = 0; i < 3; i++) {
    add(here, 'group', 1)
    t.equal(await send(here), undefined)
  }
  t.equal(retentions(), 2, 'a minute later, once')
  t.match(here.settings.lines, [{ message: 'log group created' }, { message: 'log group has no retention yet' }])
})

test('rejected events are dropped by their reasons, the others count as sent', async (t) => {
  const here = rig()
  here.logs.answer = () => ({
    rejectedLogEventsInfo: { tooOldLogEventEndIndex: 2, expiredLogEventEndIndex: 5, tooNewLogEventStartIndex: 9 },
  })
  add(here, 'group', 10)
  t.equal(await send(here), undefined)
  t.same(here.dropped, [
    [2, 'too_old'],
    [3, 'expired'],
    [1, 'too_new'],
  ])
  t.match(here.settings.lines, [{ level: 'error', message: /^data lost/, fields: { reasons: { too_old: 2 } } }])
})

test('positions that make no sense lose nothing', async (t) => {
  for (const info of [
    { tooOldLogEventEndIndex: -5, tooNewLogEventStartIndex: 99 },
    { tooOldLogEventEndIndex: 'all', expiredLogEventEndIndex: 0.5 },
    [],
    null,
    'garbage',
  ]) {
    const here = rig()
    here.logs.answer = () => ({ rejectedLogEventsInfo: info })
    add(here, 'group', 3)
    t.equal(await send(here), undefined)
    t.same(here.dropped, [])
  }
})

test('when all are rejected for one reason the request has failed for good', async (t) => {
  const here = rig()
  here.logs.answer = () => ({ rejectedLogEventsInfo: { expiredLogEventEndIndex: 3 } })
  add(here, 'group', 3)
  const error = await send(here)
  t.ok(error instanceof PermanentError)
  t.match(error, { reason: 'expired', message: /log group group, stream stream: .*retention/ })
  t.same(here.dropped, [], 'delivery counts them')
})

test('what was throttled comes back alone, with the wait that was asked for', async (t) => {
  const here = rig()
  let isThrottled = true
  here.logs.answer = (_, body) =>
    isThrottled && isFor('busy')(body) ? refuse('throttled', 'ThrottlingException', 7000) : {}
  add(here, 'calm', 3)
  add(here, 'busy', 2)
  add(here, 'also calm', 1)
  const error = await send(here)
  t.ok(error instanceof RetryableError)
  t.match(error, { reason: 'throttled', waitMs: 7000, message: /group busy.*ThrottlingException/ })
  const remaining = (error as RetryableError<Outgoing<PutLogEvents>>).remaining!
  t.equal(remaining.items, 2)
  isThrottled = false
  here.logs.calls.length = 0
  t.equal(await send(here, remaining), undefined)
  t.same(messages(here.logs.puts), ['busy 0', 'busy 1'])
})

test('after a failure the later requests of that stream wait, in their order', async (t) => {
  const here = rig()
  let answers = 0
  here.logs.answer = () => (answers++ === 1 ? refuse('transient', 'ServiceUnavailableException') : {})
  add(here, 'group', 25_000)
  const error = (await send(here)) as RetryableError<Outgoing<PutLogEvents>>
  t.equal(error.remaining?.items, 15_000)
  t.equal(here.logs.puts.length, 2)
  t.equal(await send(here, error.remaining!), undefined)
  const delivered = [here.logs.puts[0]!, ...here.logs.puts.slice(2)]
  t.same(
    messages(delivered),
    Array.from({ length: 25_000 }, (_, i) => `group ${i}`),
  )
})

test('a stream that is refused for good loses its own events only', async (t) => {
  const here = rig({ concurrency: 1 })
  here.logs.answer = (_, body) => (isFor('bad')(body) ? refuse('invalid', 'InvalidParameterException') : {})
  add(here, 'bad', 2)
  add(here, 'good', 3)
  t.equal(await send(here), undefined)
  t.same(here.dropped, [[2, 'invalid_request']])
  t.same(messages(here.logs.puts.filter(({ logGroupName }) => logGroupName === 'good')).length, 3)
})

test('missing permissions may be given later', async (t) => {
  const here = rig()
  here.logs.answer = () => refuse('denied', 'AccessDeniedException')
  add(here, 'group', 2)
  t.match(await send(here), { name: 'RetryableError', reason: 'access_denied', waitMs: 30_000 })
})

test('a request that is too large after all is halved; one event that is too large alone is dropped', async (t) => {
  const here = rig()
  const arrived: string[] = []
  here.logs.answer = (_, body) => {
    const { logEvents } = body as unknown as PutBody
    if (logEvents.length > 2 || logEvents.some(({ message }) => message === 'group 4'))
      refuse('too_large', 'RequestEntityTooLarge')
    for (const { message } of logEvents) arrived.push(message)
    return {}
  }
  add(here, 'group', 7)
  t.equal(await send(here), undefined)
  t.same(
    arrived,
    [0, 1, 2, 3, 5, 6].map((i) => `group ${i}`),
  )
  t.same(here.dropped, [[1, 'too_large']])
})

test('events that become too old while they wait are dropped, the others sent (F32)', async (t) => {
  const here = rig()
  add(here, 'group', 10, 1000)
  const outgoing = taken(here)
  await here.settings.clock.advance(MAX_AGE_MS + 3500)
  t.equal(await send(here, outgoing), undefined)
  t.same(here.dropped, [[4, 'too_old']])
  t.same(
    messages(here.logs.puts),
    [4, 5, 6, 7, 8, 9].map((i) => `group ${i}`),
  )
})

test('when all have become too old nothing is sent', async (t) => {
  const here = rig()
  add(here, 'group', 3)
  const outgoing = taken(here)
  await here.settings.clock.advance(MAX_AGE_MS + 3500)
  t.match(await send(here, outgoing), { name: 'PermanentError', reason: 'too_old' })
  t.same(here.logs.calls, [])
})

test('what AWS says it has already counts as sent', async (t) => {
  const here = rig()
  here.logs.answer = () => refuse('invalid', 'DataAlreadyAcceptedException')
  add(here, 'group', 3)
  t.equal(await send(here), undefined)
  t.same(here.dropped, [])
})

test('an attempt that is ended gives back what it had not sent', async (t) => {
  const here = rig({ concurrency: 1 })
  const controller = new AbortController()
  here.logs.answer = () => {
    controller.abort(new RetryableError('no answer within 5 ms', { reason: 'timeout' }))
    return {}
  }
  add(here, 'first', 1)
  add(here, 'second', 2)
  const context = { ...testContext(), abort: controller.signal }
  const error = await here.sink.send(taken(here), context, here.drop).catch((error: unknown) => error)
  t.match(error, { reason: 'timeout', remaining: { items: 2 } })
  t.equal(here.logs.puts.length, 1)
})

test('no more streams are written to at once than are allowed', async (t) => {
  const here = rig({ concurrency: 3 })
  let running = 0
  let most = 0
  here.logs.answer = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    return {}
  }
  for (let i = 0; i < 10; i++) add(here, `group-${i}`, 1)
  t.equal(await send(here), undefined)
  t.equal(most, 3)
  t.equal(here.logs.puts.length, 10)
})
