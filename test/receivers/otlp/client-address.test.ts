import { test } from 'tap'
import { grpcSender } from '../../kit/grpc.ts'
import { items } from '../../kit/otlp.ts'
import { startReceiver } from '../../kit/receiver.ts'

test('processors can ask where a sender is, over gRPC and over HTTP in either way', async (t) => {
  const body = Buffer.concat(items.traces(1).chunks)
  for (const protocols of [{ grpc: {} }, { http: {} }, { http: { include_metadata: true } }]) {
    const addresses: (string | undefined)[] = []
    const receiver = await startReceiver(t, protocols, {
      consume: async (_batch, context) => void addresses.push(context.clientAddress),
    })
    if ('grpc' in protocols) await grpcSender(t, receiver.port).export('traces', body)
    else {
      const headers = { 'content-type': 'application/x-protobuf' }
      await fetch(`${receiver.url}/v1/traces`, { method: 'POST', headers, body })
    }
    t.same(addresses, ['127.0.0.1'], JSON.stringify(protocols))
  }
})
