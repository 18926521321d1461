// Sends numbered packets at a steady rate: `statsd-sender.ts <port> <packets a second> <seconds>`, forked by bench/statsd.ts.
// sendmmsg(2) hands the kernel 64 at a time: Node's own sockets take most of a core for 200,000 a second.
import type ffiModule from 'node:ffi'
import { setTimeout as sleep } from 'node:timers/promises'

const [port, rate, seconds] = process.argv.slice(2).map(Number) as [number, number, number]
const SLOTS = 64
const SLOT_BYTES = 128
const HEADER_BYTES = 64
/** Late is late: what a pause has left behind does not come as one flood. */
const MAX_BURST = 2048

const ffi = process.getBuiltinModule('node:ffi') as typeof ffiModule
const { functions: calls } = ffi.dlopen(null, {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  connect: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
  sendmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32'], return: 'int32' },
})
const bytes = Buffer.from(new ArrayBuffer(SLOTS * SLOT_BYTES))
const vectors = Buffer.from(new ArrayBuffer(SLOTS * 16))
const headers = Buffer.from(new ArrayBuffer(SLOTS * HEADER_BYTES))
const head = Buffer.from('bench.requests:')
const tails = Array.from({ length: 10 }, (_, i) => Buffer.from(`|c|#service:order-service,status:20${i}`))

for (let slot = 0; slot < SLOTS; slot++) {
  head.copy(bytes, slot * SLOT_BYTES)
  vectors.writeBigUInt64LE(ffi.getRawPointer(bytes) + BigInt(slot * SLOT_BYTES), slot * 16)
  headers.writeBigUInt64LE(ffi.getRawPointer(vectors) + BigInt(slot * 16), slot * HEADER_BYTES + 16)
  headers.writeBigUInt64LE(1n, slot * HEADER_BYTES + 24)
}
const fd = calls.socket(2, 2, 0)
const name = Buffer.alloc(16)
name.writeUInt16LE(2)
name.writeUInt16BE(port, 2)
name.set([127, 0, 0, 1], 4)
calls.connect(fd, ffi.getRawPointer(name), name.length)

const packets = Math.round(rate * seconds)
const startedAt = performance.now()
let sent = 0
let sum = 0
/** Where the plan begins: it moves when we are late. */
let plannedFrom = startedAt
while (sent < packets) {
  const due = Math.min(packets, Math.floor(((performance.now() - plannedFrom) / 1000) * rate))
  if (due - sent > MAX_BURST) plannedFrom += ((due - sent - MAX_BURST) / rate) * 1000
  for (const until = Math.min(due, sent + MAX_BURST); sent < until; ) sendSome(Math.min(SLOTS, until - sent))
  await sleep(1)
}
process.send?.({ packets, sum, seconds: (performance.now() - startedAt) / 1000 })
process.disconnect?.()

function sendSome(count: number): void {
  for (let slot = 0; slot < count; slot++) {
    const number = sent + slot
    const from = slot * SLOT_BYTES + head.length
    const to = from + bytes.write(String(number), from, 'latin1')
    const tail = tails[number % 10]!
    const end = to + tail.copy(bytes, to)
    vectors.writeBigUInt64LE(BigInt(end - slot * SLOT_BYTES), slot * 16 + 8)
    sum += number
  }
  for (let done = 0; done < count; ) {
    const at = ffi.getRawPointer(headers) + BigInt(done * HEADER_BYTES)
    const taken = calls.sendmmsg(fd, at, count - done, 0)
    // Refused while nobody listens yet; the packet is gone all the same.
    done += Math.max(taken, 1)
  }
  sent += count
}
