// An order service under AWS's own SDK, as a process: takes one order whose payment is refused and one that goes through, asks
// for its sampling rules, and prints each document that it sends. Where the daemon is says AWS_XRAY_DAEMON_ADDRESS.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Subsegment } from 'aws-xray-sdk-core'

// The SDK reports to the sampler every 10 s: here it may be sooner.
const { setInterval: every } = globalThis
Object.assign(globalThis, {
  setInterval: (run: () => void, ms: number) => every(run, ms > 5000 && ms < 15_000 ? 50 : ms),
})
const { default: AWSXRay } = await import('aws-xray-sdk-core')

const SENT = 'UDP message sent: '
let reported: (() => void) | undefined
const hasReported = new Promise<void>((resolve) => (reported = resolve))
AWSXRay.setLogger({
  debug: (text: string) => text.startsWith(SENT) && console.log(text.slice(SENT.length)),
  info: (text: string) => text.startsWith('Successfully reported rule statistics') && reported?.(),
  warn: (text: string, error: unknown) => console.error(text, error),
  error: (text: string, error: unknown) => console.error(text, error),
})
AWSXRay.captureHTTPsGlobal(http, true)
AWSXRay.middleware.setDefaultName('order-service')

const gateway = http.createServer((request, response) => {
  const isRefused = request.url?.startsWith('/v1/payments/refuse') === true
  response.writeHead(isRefused ? 402 : 200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}')
})

class OrderSaga {
  async createOrder(userId: string, payment: string): Promise<object> {
    const saga = AWSXRay.getSegment()!.addNewSubsegment('Saga::CreateOrder')
    saga.addAnnotation('sagaId', `saga-${userId}`)
    saga.addAnnotation('userId', userId)
    saga.addAnnotation('amount', 39.5)
    saga.addAnnotation('items', 3)
    saga.addAnnotation('express', true)
    try {
      let first = ''
      await step(saga, 'Saga::Step1::CreateOrder', async (subsegment) => {
        first = subsegment.id
        subsegment.addMetadata('orderId', 'order-1')
        subsegment.addMetadata('lines', [{ sku: 'ä"1', price: 12.5 }, null], 'order')
      })
      await step(saga, 'Database::findProductById', async (subsegment) => {
        subsegment.addAnnotation('productId', 'p-1')
        subsegment.addMetadata('query', 'SELECT * FROM products WHERE id = $1')
        subsegment.namespace = 'remote'
        subsegment.addSqlData(
          new AWSXRay.database.SqlData('PostgreSQL 16', 'pg 8', 'shop', 'db.local:5432/shop', 'statement'),
        )
      })
      await step(saga, 'Saga::Step2::ReserveInventory', async (subsegment) => subsegment.addPrecursorId(first))
      await step(saga, 'Saga::Step3::ProcessPayment', async (subsegment) => pay(subsegment, payment))
      saga.addAnnotation('result', 'success')
      return { success: true }
    } catch (error) {
      saga.addAnnotation('result', 'failed')
      saga.addError(error as Error)
      await step(saga, 'Saga::Compensation', async (subsegment) =>
        subsegment.addMetadata('undone', ['inventory', 'order']),
      )
      return { success: false }
    } finally {
      saga.close()
    }
  }
}

async function step(saga: Subsegment, name: string, run: (subsegment: Subsegment) => Promise<unknown>): Promise<void> {
  const subsegment = saga.addNewSubsegment(name)
  try {
    await AWSXRay.getNamespace().runAndReturn(async () => {
      AWSXRay.setSegment(subsegment)
      await run(subsegment)
    })
    subsegment.close()
  } catch (error) {
    subsegment.close(error as Error)
    throw error
  }
}

async function pay(around: Subsegment, payment: string): Promise<void> {
  const { port } = gateway.address() as AddressInfo
  const options = { port, host: '127.0.0.1', path: `/v1/payments/${payment}?card=4111`, method: 'POST' }
  const status = await new Promise<number>((resolve, reject) => {
    const request = http.request({ ...options, XRaySegment: around } as http.RequestOptions, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject)
    request.end('{}')
  })
  if (status !== 200) throw new PaymentRefused(`the gateway answers ${status}:\n  card refused`)
}

class PaymentRefused extends Error {
  override readonly name = 'PaymentRefused'
}

const shop = http.createServer((request, response) => {
  const segment = AWSXRay.middleware.traceRequestResponseCycle(request, response)
  AWSXRay.getNamespace().run(() => {
    AWSXRay.setSegment(segment)
    segment.setUser('user-123')
    const isRefused = request.url === '/orders/refuse'
    new OrderSaga().createOrder('user-123', isRefused ? 'refuse' : 'take').then(
      (result) => response.writeHead(isRefused ? 500 : 201).end(JSON.stringify(result)),
      (error) => response.writeHead(500).end(String(error)),
    )
  })
})

const listening = (server: http.Server): Promise<unknown> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
await Promise.all([listening(gateway), listening(shop)])
const { port } = shop.address() as AddressInfo

const newTraceId = (): string =>
  `1-${Math.floor(Date.now() / 1000).toString(16)}-${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`

/** Without the SDK in between. */
const order = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'x-amzn-trace-id': `Root=${newTraceId()};Parent=53995c3f42cd8ad8;Sampled=1` }
    const options = { port, host: '127.0.0.1', path, method: 'POST', headers }
    const { __request: plain } = http as unknown as { __request: typeof http.request }
    const request = plain(options, (response) => response.resume().on('end', () => resolve()))
    request.on('error', reject)
    request.end('{}')
  })

await order('/orders/refuse')
// From here on subsegments are sent alone, each as soon as it is closed.
AWSXRay.setStreamingThreshold(0)
await order('/orders/take')
AWSXRay.setStreamingThreshold(100)

/** The sampler's answer: by the rules that it has asked for. */
const sampled = (): unknown => {
  const segment = new AWSXRay.Segment('order-service')
  const asked = { req: { headers: { host: 'shop' }, method: 'GET', url: '/orders' } }
  AWSXRay.middleware.resolveSampling({}, segment, asked as unknown as http.ServerResponse)
  const { aws } = segment as unknown as { aws?: { xray?: { rule_name?: string } } }
  segment.close()
  return aws?.xray?.rule_name
}
while (sampled() !== 'orders') await new Promise((resolve) => setTimeout(resolve, 10))
await hasReported
// What is on its way to the daemon leaves.
await new Promise((resolve) => setTimeout(resolve, 50))
process.exit(0)
