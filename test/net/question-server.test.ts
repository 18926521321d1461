import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { httpServerEntries } from '../../src/net/http-server.ts'
import { plainAnswer, QuestionServer } from '../../src/net/question-server.ts'
import { testHost, testSettings } from '../../src/testing/index.ts'
import { Doorkeeper, guardedHost, WORD } from '../kit/doorkeeper.ts'
import { until } from '../kit/until.ts'

const LIMITS = { read_header_timeout: '0s', write_timeout: '0s', idle_timeout: '0s' }

test('who leaves while it is asked who that is gets no answer made, and does not hold up the stop', async (t) => {
  const keeper = new Doorkeeper()
  let open = (): void => {}
  keeper.until = new Promise((resolve) => (open = resolve))
  const config = v.parse(section(httpServerEntries('127.0.0.1:0', LIMITS)), { auth: { authenticator: 'door' } })
  let answered = 0
  const server = new QuestionServer(config, testSettings(), () => {
    answered++
    return plainAnswer(200, 'fine')
  })
  const endpoint = await server.start(guardedHost(keeper))
  const ask = (): Promise<Response> => fetch(endpoint, { headers: { authorization: WORD } })
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${WORD}\r\n\r\n`)
  await until(() => keeper.asked.length === 1)
  socket.resetAndDestroy()
  const other = ask()
  await until(() => keeper.asked.length === 2)
  open()
  t.equal((await other).status, 200)
  t.equal(answered, 1)
  await server.stop()
  await t.rejects(ask())
})

test('a question that announces a body beyond the limit is refused, unread', async (t) => {
  const statusOf = async (settings: object, contentLength: number): Promise<string> => {
    const config = v.parse(section(httpServerEntries('127.0.0.1:0', LIMITS)), settings)
    const server = new QuestionServer(config, testSettings(), () => plainAnswer(200, 'fine'))
    const socket = connect(Number(new URL(await server.start(testHost())).port), '127.0.0.1')
    t.teardown(async () => {
      socket.destroy()
      await server.stop()
    })
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nContent-Length: ${contentLength}\r\n\r\n`)
    const [head] = (await once(socket, 'data')) as [Buffer]
    return /^HTTP\/1\.1 (\d+)/.exec(head.toString())?.[1] ?? ''
  }
  const limit = { max_request_body_size: 1000 }
  t.equal(await statusOf(limit, 1000), '200')
  t.equal(await statusOf(limit, 1001), '413')
  const mebibyte = 1024 * 1024
  t.equal(await statusOf({}, 20 * mebibyte), '200')
  t.equal(await statusOf({}, 20 * mebibyte + 1), '413', 'by default 20 MiB')
})
