import { test } from 'tap'
import { tidyNodes } from '../../src/search/nodes.ts'

const tidied = (body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = { status: 200, contentType: '', retryAfter: undefined, headers: {}, body: Buffer.from(text) }
  const tidy = tidyNodes(reply)
  return { status: tidy.status, nodes: JSON.parse(tidy.body.toString()).nodes }
}

test('of what a server says about its nodes only what can be read stays', async (t) => {
  const good = { http: { publish_address: '10.0.0.1:9200', more: 1 }, roles: ['data', 7], name: 'n' }
  const named = { http: { publish_address: 'es.test/10.0.0.2:9200' } }
  const bad = { b1: {}, b2: { http: { publish_address: 'no port' } }, b3: null, b4: { http: { publish_address: 7 } } }
  t.same(tidied({ nodes: { good, named, ...bad } }), {
    status: 200,
    nodes: {
      good: { http: { publish_address: '10.0.0.1:9200' }, roles: ['data'] },
      named: { http: { publish_address: 'es.test/10.0.0.2:9200' }, roles: [] },
    },
  })
})

for (const body of ['', '<html>', '[]', '{}', { nodes: [] }, { nodes: 7 }, { nodes: { a: { http: {} } } }])
  test(`an answer without nodes is a failure: ${JSON.stringify(body)}`, async (t) => {
    t.same(tidied(body), { status: 500, nodes: {} })
  })
