import { type Test, test } from 'tap'
import { PermanentError, RetryableError, TooLargeError } from '../../src/contract/index.ts'
import type { Outgoing } from '../../src/delivery/index.ts'
import type { HttpReply } from '../../src/net/http-reply.ts'
import { Actions } from '../../src/search/action.ts'
import { RETRYABLE } from '../../src/search/answer.ts'
import { BulkSender } from '../../src/search/bulk.ts'
import { type BulkRequest, BulkWriter, splitRequest } from '../../src/search/request.ts'
import { testContext, testSettings } from '../../src/testing/index.ts'
import { documentsIn } from './kit.ts'

/** Documents `{"n":0}`…; those without a weight belong to the item before. */
function requests(weights: readonly number[], { maxBytes = 1e6, ids = false } = {}): readonly Outgoing<BulkRequest>[] {
  const writer = new BulkWriter(maxBytes)
  const actions = new Actions('create')
  return writer.write(() => {
    for (const [n, weight] of weights.entries()) {
      actions.begin(writer, weight, 'x', ids ? `id-${n}` : '')
      writer.json.beginObject()
      writer.json.keyText('n')
      writer.json.number(n)
      writer.json.endObject()
      writer.end()
    }
  })
}

const numbers = ({ request }: Outgoing<BulkRequest>): number[] =>
  documentsIn(request.body).map(({ document }) => (document as { n: number }).n)

const replyOf = (status: number, body: unknown, headers: Record<string, string> = {}): HttpReply => ({
  status,
  contentType: 'application/json',
  retryAfter: headers['retry-after'],
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
})
const result = (status: number, type = 'error'): object =>
  status < 300 ? { create: { status } } : { create: { status, error: { type, reason: 'because' } } }
const mixed = (...statuses: (number | readonly [number, string])[]): HttpReply =>
  replyOf(200, {
    errors: statuses.some((status) => status !== 201),
    items: statuses.map((status) => (typeof status === 'number' ? result(status) : result(...status))),
  })

interface Sent {
  readonly error: unknown
  readonly remaining: Outgoing<BulkRequest> | undefined
  readonly dropped: Record<string, number>
}

async function send(reply: HttpReply | Error, outgoing: Outgoing<BulkRequest>, maxRetries?: number): Promise<Sent> {
  const client = {
    async bulk() {
      if (reply instanceof Error) throw reply
      return reply
    },
    close() {},
  }
  const sender = new BulkSender({ retryable: RETRYABLE, maxRetries }, client, undefined, testSettings())
  const dropped: Record<string, number> = {}
  let error: unknown
  const drop = (items: number, reason: string): void => {
    dropped[reason] = (dropped[reason] ?? 0) + items
  }
  await sender.send(outgoing, testContext(), drop).catch((thrown: unknown) => {
    error = thrown
  })
  const remaining = error instanceof RetryableError ? (error.remaining as Outgoing<BulkRequest>) : undefined
  return { error, remaining, dropped }
}

function one(t: Test, weights: readonly number[], options = {}): Outgoing<BulkRequest> {
  const [only, ...more] = requests(weights, options)
  t.same(more, [])
  return only!
}

test('a request is cut between items when it becomes too large', async (t) => {
  const cut = requests([1, 1, 1, 1, 1], { maxBytes: 80 })
  t.same(cut.map(numbers), [[0, 1], [2, 3], [4]])
  t.same(
    cut.map(({ items }) => items),
    [2, 2, 1],
  )
  t.same(requests([1, 0, 0, 1, 0], { maxBytes: 80 }).map(numbers), [
    [0, 1, 2],
    [3, 4],
  ])
  t.same(requests([1, 1, 1], { maxBytes: 1 }).map(numbers), [[0], [1], [2]])
  t.same(requests([]), [])
})

test('nothing of a batch that cannot be encoded stays for the next', async (t) => {
  const writer = new BulkWriter(1e6)
  const actions = new Actions('create')
  t.throws(() =>
    writer.write(() => {
      actions.begin(writer, 1, 'x')
      throw new Error('broken')
    }),
  )
  t.same(
    writer.write(() => {}),
    [],
  )
})

test('halves are cut between items', async (t) => {
  t.same(splitRequest(one(t, [1, 1, 1, 1]).request)!.map(numbers), [
    [0, 1],
    [2, 3],
  ])
  t.same(splitRequest(one(t, [1, 0, 0, 1]).request)!.map(numbers), [[0, 1, 2], [3]])
  t.equal(splitRequest(one(t, [1, 0, 0]).request), undefined)
})

test('everything taken', async (t) => {
  t.same(await send(mixed(201, 200), one(t, [1, 1])), { error: undefined, remaining: undefined, dropped: {} })
})

test('429 and 5xx are sent again alone, refusals are dropped with their reason, the others are delivered', async (t) => {
  const answer = mixed(201, 429, [400, 'mapper_parsing_exception'], 503, [404, 'index_not_found_exception'], 500, 201)
  const sent = await send(answer, one(t, [1, 1, 1, 1, 1, 1, 1]))
  t.same(numbers(sent.remaining!), [1, 3, 5])
  t.equal(sent.remaining!.items, 3)
  t.same(sent.dropped, { mapping_error: 1, bad_index: 1 })
})

test('an index that is locked because a disk is full is tried again', async (t) => {
  const sent = await send(mixed([403, 'cluster_block_exception'], [403, 'security_exception']), one(t, [1, 1]))
  t.same(numbers(sent.remaining!), [0])
  t.same(sent.dropped, { forbidden: 1 })
})

test('a document that is there under its own id is delivered; without one it is refused', async (t) => {
  const conflict = mixed([409, 'version_conflict_engine_exception'], 201)
  t.same((await send(conflict, one(t, [1, 1], { ids: true }))).dropped, {})
  t.same((await send(conflict, one(t, [1, 1]))).dropped, { version_conflict: 1 })
  const { remaining } = await send(new RetryableError('reset'), one(t, [1, 1]))
  t.same((await send(conflict, remaining!)).dropped, {}, 'an attempt before may have brought it')
})

test('an item is settled with the last of its documents', async (t) => {
  const first = await send(mixed(201, 429, 400), one(t, [1, 0, 0]))
  t.same(numbers(first.remaining!), [1])
  t.equal(first.remaining!.items, 1)
  t.same(first.dropped, {}, 'not yet')
  const second = await send(mixed(201), first.remaining!)
  t.same(second.dropped, { rejected_400: 1 })
  t.equal(second.error, undefined)
})

test('a document of several data points weighs as much as there are points', async (t) => {
  const sent = await send(mixed(400, 503, 201), one(t, [3, 4, 5]))
  t.same(sent.dropped, { rejected_400: 3 })
  t.equal(sent.remaining!.items, 4)
})

for (const [name, body] of Object.entries({
  'no JSON': '<html>',
  'other JSON': '{}',
  'too few items': JSON.stringify({ errors: true, items: [result(201)] }),
  'no items': '{"errors":true}',
}))
  test(`an answer that cannot be understood (${name}) says nothing: all is sent again`, async (t) => {
    const sent = await send(replyOf(200, body), one(t, [1, 1]))
    t.match(sent.error, { name: 'RetryableError', reason: 'bad_response' })
    t.match(sent.remaining, { items: 2, request: { attempts: 1, isUncertain: true } })
  })

test('a result that cannot be understood is a refusal', async (t) => {
  const sent = await send(replyOf(200, { errors: true, items: [{ create: {} }, result(201)] }), one(t, [1, 1]))
  t.same(sent.dropped, { bad_response: 1 })
})

test('a request that is refused as a whole', async (t) => {
  const busy = await send(replyOf(429, { error: 'busy' }, { 'retry-after': '7' }), one(t, [1]))
  t.match(busy.error, { name: 'RetryableError', reason: 'http_429', waitMs: 7000, message: 'HTTP 429: busy' })
  const large = await send(replyOf(413, ''), one(t, [1, 1]))
  t.ok(large.error instanceof TooLargeError)
  t.match(large.error, { reason: 'too_large' })
  t.same((await send(replyOf(413, ''), one(t, [1]))).dropped, { too_large: 1 })
  const poisoned = await send(replyOf(400, { error: { type: 'x', reason: 'id is too long' } }), one(t, [1, 1]))
  t.ok(poisoned.error instanceof TooLargeError, 'halves find the one that is why')
  t.match(poisoned.error, { reason: 'http_400', message: /id is too long/ })
  t.same((await send(replyOf(400, ''), one(t, [1]))).dropped, { rejected_400: 1 })
  const stranger = await send(replyOf(401, 'Unauthorized'), one(t, [1, 1]))
  t.ok(stranger.error instanceof PermanentError)
  t.match(stranger.error, { reason: 'http_401', message: 'HTTP 401: Unauthorized' })
})

test('retries are counted where there is a limit', async (t) => {
  const first = await send(new RetryableError('no connection'), one(t, [1, 1]), 1)
  t.equal(first.remaining!.items, 2)
  const second = await send(mixed(429, 201), first.remaining!, 1)
  t.same(second.dropped, { retries_exhausted: 1 })
  t.equal(second.error, undefined)
  const third = await send(replyOf(503, ''), first.remaining!, 1)
  t.match(third.error, { name: 'PermanentError', reason: 'http_503', message: /after 1 retries/ })
})
