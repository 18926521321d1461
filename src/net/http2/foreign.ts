/** For whoever speaks HTTP/1 and can read it. */
const TEXT = 'This port speaks gRPC (HTTP/2, without an upgrade). OTLP over HTTP has a port of its own, usually 4318.\n'
export const NOT_HTTP2 = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${TEXT.length}\r\nConnection: close\r\n\r\n${TEXT}`
