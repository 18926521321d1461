// A client of unix sockets for packets: Node has none.
import type ffiModule from 'node:ffi'

/** Throws when the socket does not take it. */
export function sendUnixgram(path: string, bytes: Buffer): void {
  const ffi = process.getBuiltinModule('node:ffi') as typeof ffiModule
  const { functions } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    sendto: { arguments: ['int32', 'pointer', 'uint64', 'int32', 'pointer', 'uint32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
  })
  const name = Buffer.from(`\x01\0${path}\0`)
  const fd = functions.socket(1, 2, 0)
  const sent = functions.sendto(
    fd,
    ffi.getRawPointer(bytes),
    BigInt(bytes.length),
    0,
    ffi.getRawPointer(name),
    name.length,
  )
  functions.close(fd)
  if (Number(sent) !== bytes.length) throw new Error(`${path} takes no packet of ${bytes.length} bytes`)
}
