// Questions to what stands beside the process: the metadata services of ECS and EC2, credential endpoints. Small answers, soon.
import { request as requestHttp } from 'node:http'

export interface MetadataRequest {
  readonly method?: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly abort?: AbortSignal
}

/** Metadata and credentials have a few kilobytes. */
const MAX_BYTES = 256 * 1024

/** The text of a 200; rejects with what is wrong in words, which never have the answer in them: it may be a secret. */
export async function askMetadata(
  url: URL,
  { method = 'GET', headers = {}, timeoutMs, abort }: MetadataRequest,
): Promise<string> {
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestHttp
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      reject(new Error(`${url.host}: ${why}`, { cause }))
      asked.destroy()
    }
    // A limit on the whole answer, by the process's own time: trickling bytes do not move it.
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    const stop = (): void => fail('given up', abort?.reason)
    const asked = request(url, { method, headers, agent: false })
    abort?.addEventListener('abort', stop, { once: true })
    asked.on('error', (error) => fail(error.message, error))
    asked.on('close', () => {
      clearTimeout(timer)
      abort?.removeEventListener('abort', stop)
      reject(new Error(`${url.host}: no answer`))
    })
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      response.on('error', (error) => fail(error.message, error))
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_BYTES) fail(`the answer has more than ${MAX_BYTES} bytes`)
        else chunks.push(chunk)
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'))
        else fail(`answers ${response.statusCode}`)
      })
    })
    asked.end()
    if (abort?.aborted) stop()
  })
}
