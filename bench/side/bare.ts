// The least that a process of Node can do between the loader and the sink: it reads bodies over HTTP, answers each at once, and
// posts them onwards, many in one, as they are. It looks at nothing but where a body ends. Takes the ports from an agent's config.
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { config: { type: 'string', default: '' }, 'requests-a-batch': { type: 'string', default: '82' } },
})
const requestsABatch = Number(values['requests-a-batch'])
const config = readFileSync(values.config, 'utf8')
const port = Number(/http: \{endpoint: "127\.0\.0\.1:(\d+)"\}/.exec(config)![1])
const sinkPort = Number(/endpoint: "http:\/\/127\.0\.0\.1:(\d+)"/.exec(config)![1])

/** As in the config of the agents. */
const FLUSH_MS = 200
const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')

let bodies: Buffer[] = []
let sizeBytes = 0
let requests = 0
let path = ''
let sink: Socket | undefined

createServer((socket) => {
  let left = 0
  let pieces: Buffer[] = []
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    let body = bytes
    if (left === 0) {
      const bodyAt = bytes.indexOf(HEAD_END) + HEAD_END.length
      const head = bytes.latin1Slice(0, bodyAt)
      left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      path = head.slice('POST '.length, head.indexOf(' ', 'POST '.length))
      body = bytes.subarray(bodyAt)
    }
    left -= body.length
    pieces.push(body)
    if (left > 0) return
    for (const piece of pieces) {
      bodies.push(piece)
      sizeBytes += piece.length
    }
    pieces = []
    socket.write(ANSWER, 'latin1')
    if (++requests === requestsABatch) flush()
  })
}).listen(port, '127.0.0.1')
setInterval(flush, FLUSH_MS)
process.on('SIGTERM', () => process.exit())

/** Left to the garbage collector, reads cost more than everything else here. */
function freeRead({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function flush(): void {
  if (sizeBytes > 0) {
    sink ??= connect(sinkPort, '127.0.0.1').on('data', () => {})
    sink.cork()
    const type = 'Content-Type: application/x-protobuf'
    sink.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\nContent-Length: ${sizeBytes}\r\n\r\n`, 'latin1')
    const last = bodies.pop()!
    const sent = bodies
    for (const piece of sent) sink.write(piece)
    sink.write(last, () => {
      for (const piece of sent) freeRead(piece)
      freeRead(last)
    })
    sink.uncork()
  }
  bodies = []
  sizeBytes = requests = 0
}
