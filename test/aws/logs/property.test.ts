// Generated batches against a strict CloudWatch Logs: whatever comes, no limit is broken, nothing valid is lost for a bad
// neighbour, nothing arrives twice, and every loss has its reason. `ROUNDS=100000` takes some minutes.
import { test } from 'tap'
import { type AwsCall, AwsError, refusalOf } from '../../../src/aws/index.ts'
import { LogEvents, type LogsCaller, LogsSink } from '../../../src/aws/logs/index.ts'
import { MAX_AGE_MS, MAX_AHEAD_MS, MAX_MESSAGE_BYTES, MAX_SPAN_MS } from '../../../src/aws/logs/limits.ts'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import { testContext, testSettings } from '../../../src/testing/index.ts'
import { JsonWriter } from '../../../src/wire/json.ts'
import { type Random, seeded } from '../../data/random.ts'
import { LogsService } from '../../emulator/logs.ts'
import { EmulatedError } from '../../emulator/server.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 700)
const SEED = Number(process.env.SEED ?? 5)
const RETENTION_DAYS = 3
const DAY_MS = 24 * 3_600_000
const BAD_GROUP = 'bad'
/** What texts are made of. */
const PIECES = ['x', 'ä', '☃', '💜', '"', '\\', '\n', '\u0001', '{"a":"b"}', '\u2028']

/** One event on its way: its message begins with its number. */
interface Sent {
  readonly message: string
  readonly timeMs: number
  readonly group: string
  readonly items: number
}

const timeout = Math.max(120_000, ROUNDS * 50)

test('generated batches break no limit of AWS and lose nothing that could be sent', { timeout }, async (t) => {
  const random = seeded(SEED)
  const { clock, log } = testSettings()
  let events = 0
  for (let round = 0; round < ROUNDS; round++) {
    const service = new LogsService(() => clock.now())
    const context = { random, clock, service }
    const truncated: number[] = []
    const writer = new LogEvents({ clock, onTruncated: (bytes) => truncated.push(bytes), onCleaned: () => {} })
    const sink = new LogsSink(callerOf(service), {
      clock,
      log,
      concurrency: 1 + random(8),
      retentionDays: random(3) === 0 ? RETENTION_DAYS : 0,
      tags: random(2) === 0 ? { team: 'shop' } : {},
      kmsKeyId: '',
      logGroupClass: '',
    })
    const startMs = clock.now()
    const sent = addBatch(writer, random, startMs)
    events += sent.length
    const dropped = await deliverAll(writer, sink, context)
    sink.close()
    const problem = problemOf(sent, service, dropped, truncated.length, startMs, clock.now())
    if (problem !== undefined) return t.fail(`round ${round} of seed ${SEED}: ${problem}`)
  }
  t.ok(events > ROUNDS, `${events} events in ${ROUNDS} batches`)
})

interface Scene {
  readonly random: Random
  readonly clock: ReturnType<typeof testSettings>['clock']
  readonly service: LogsService
}

/** Until nothing is left; the service fails in all its ways, in the end no more. */
async function deliverAll(writer: LogEvents, sink: LogsSink, { random, clock, service }: Scene) {
  const dropped = new Map<string, number>()
  const drop = (items: number, reason: string): void => void dropped.set(reason, (dropped.get(reason) ?? 0) + items)
  for (let [outgoing] = writer.take(drop), attempt = 0; outgoing !== undefined; attempt++) {
    const faults = attempt < 6 ? 20 : 0
    service.beforeTaking = (operation, request) => fail(operation, request, random, faults)
    try {
      await sink.send(outgoing, testContext(), drop)
      break
    } catch (error) {
      if (error instanceof PermanentError) {
        drop(outgoing.items, error.reason)
        break
      }
      if (!(error instanceof RetryableError)) throw error
      outgoing = error.remaining as typeof outgoing
      await clock.advance(random(4) === 0 ? random(DAY_MS) : random(30_000))
    }
  }
  return dropped
}

function fail(operation: string, request: Readonly<Record<string, unknown>>, random: Random, percent: number): void {
  if (request.logGroupName === BAD_GROUP && operation === 'PutLogEvents')
    throw new EmulatedError('InvalidParameterException', 'nobody knows why')
  if (random(100) >= percent) return
  switch (random(5)) {
    case 0:
      throw new EmulatedError('ThrottlingException', 'Rate exceeded')
    case 1:
      throw new EmulatedError('ServiceUnavailableException', 'not now', 503)
    case 2:
      throw new EmulatedError('AccessDeniedException', 'not yet', 403)
    case 3:
      throw new EmulatedError('OperationAbortedException', 'someone else is at it')
    default: {
      const events = request.logEvents
      if (operation === 'PutLogEvents' && Array.isArray(events) && events.length > 1)
        throw new EmulatedError('RequestEntityTooLargeException', 'too large', 413)
    }
  }
}

/** What a client makes of the service. */
function callerOf(service: LogsService): LogsCaller {
  return {
    async call({ operation, chunks }: AwsCall): Promise<unknown> {
      try {
        return service.handle(operation, JSON.parse(Buffer.concat(chunks).toString('utf8')))
      } catch (error) {
        if (!(error instanceof EmulatedError)) throw error
        const { code, status, message } = error
        throw new AwsError(refusalOf(code, status, message), code, message, { status })
      }
    },
  }
}

function addBatch(writer: LogEvents, random: Random, nowMs: number): Sent[] {
  // Now and then: more events than a request takes, or larger ones; then all of them in one stream.
  const kind = random(100)
  const isLarge = kind < 4
  const count = kind < 1 ? 10_500 + random(1500) : isLarge ? 2 + random(6) : 1 + random(40)
  const groups = ['/ecs/order', '/ecs/zahlung größer', 'x'.repeat(700), BAD_GROUP, '*'].slice(
    0,
    isLarge ? 1 : 1 + random(5),
  )
  const spread = [1000, 3_600_000, 2 * MAX_SPAN_MS, 2 * MAX_AGE_MS][random(4)]!
  const nested = new JsonWriter(1024, { isNested: true })
  return Array.from({ length: count }, (_, i) => {
    const group = groups[random(groups.length)]!
    const sent = {
      message: textOf(i, kind, random),
      timeMs: timeOf(random, nowMs, spread),
      group,
      items: 1 + random(3),
    }
    const stream = writer.streamOf(group, `stream-${isLarge ? 0 : random(2)}`)
    const { message, timeMs, items } = sent
    const way = random(3)
    if (way === 0) writer.addText(stream, timeMs, message, items)
    else if (way === 1) {
      const bytes = Buffer.from(`xx${message}`)
      writer.add(stream, timeMs, bytes, 2, bytes.length, items)
    } else {
      const document = { text: message, list: [1, null] }
      nested.clear()
      nested.beginObject()
      nested.keyText('text')
      nested.string(message)
      nested.keyText('list')
      nested.beginArray()
      nested.number(1)
      nested.null()
      nested.endArray()
      nested.endObject()
      writer.addNested(stream, timeMs, nested.out.bytes, 0, nested.out.length, items)
      return { ...sent, message: JSON.stringify(document) }
    }
    return sent
  })
}

function textOf(number: number, kind: number, random: Random): string {
  const piece = PIECES[random(PIECES.length)]!
  const bytes = Buffer.byteLength(piece)
  if (kind < 1 || kind > 3) return `${number} ${piece.repeat(random(kind < 1 ? 4 : 60))}`
  // The whole of a request, half of one, or a third, and some bytes more or less.
  const part = (MAX_MESSAGE_BYTES + 60 - random(150)) / (1 + random(3))
  const times = Math.floor(part / bytes)
  return `${number} ${piece.repeat(times)}`
}

function timeOf(random: Random, nowMs: number, spread: number): number {
  const edges = [nowMs - MAX_AGE_MS, nowMs + MAX_AHEAD_MS, nowMs - RETENTION_DAYS * DAY_MS, nowMs - MAX_SPAN_MS, nowMs]
  if (random(10) === 0) return edges[random(edges.length)]! + random(3) - 1
  if (random(200) === 0) return [0, 1, 8.64e15][random(3)]!
  return nowMs - random(spread)
}

/** What is wrong with how a batch ended; undefined when nothing is. */
function problemOf(
  sent: readonly Sent[],
  service: LogsService,
  dropped: ReadonlyMap<string, number>,
  truncations: number,
  startMs: number,
  endMs: number,
): string | undefined {
  if (service.violations.length > 0) return service.violations.join('; ')
  const arrived = new Set<Sent>()
  let cut = 0
  for (const { message, timestamp } of service.events()) {
    const isCut = message.endsWith('[Truncated...]')
    const start = isCut ? message.slice(0, -'[Truncated...]'.length) : message
    const one = sent[Number(/^\D*(\d+) /.exec(start)?.[1])]
    const isSame = one !== undefined && one.timeMs === timestamp
    if (!isSame || !(isCut ? one.message.startsWith(start) : one.message === start))
      return `arrived as something else: ${message.slice(0, 80)}`
    if (arrived.has(one)) return `arrived twice: ${message.slice(0, 80)}`
    if (isCut && Buffer.byteLength(one.message) <= MAX_MESSAGE_BYTES) return 'was cut without need'
    if (isCut) cut++
    arrived.add(one)
  }
  if (cut > truncations) return `${cut} were cut, ${truncations} told of`
  let lost = 0
  for (const one of sent) {
    if (arrived.has(one)) continue
    lost += one.items
    const { timeMs, group } = one
    const oldestMs = endMs - Math.min(MAX_AGE_MS, RETENTION_DAYS * DAY_MS)
    const isRetained = [...service.groups.values()].some(({ retentionInDays }) => retentionInDays !== undefined)
    const isTooOld = timeMs < (isRetained ? oldestMs : endMs - MAX_AGE_MS)
    if (!isTooOld && timeMs <= startMs + MAX_AHEAD_MS && group !== BAD_GROUP)
      return `lost without need: ${one.message.slice(0, 80)} of ${new Date(timeMs).toISOString()}`
  }
  let told = 0
  for (const items of dropped.values()) told += items
  for (const reason of dropped.keys())
    if (!['too_old', 'too_new', 'expired', 'invalid_request'].includes(reason)) return `dropped as ${reason}`
  return lost === told ? undefined : `${lost} items are lost, ${told} told of`
}
