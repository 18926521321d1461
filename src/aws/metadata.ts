// Questions to what stands beside the process: the metadata services of ECS and EC2, credential endpoints. Small answers, soon.
import { ask } from '../net/ask.ts'
import { systemClock } from '../observe/clock.ts'

interface MetadataRequest {
  readonly method?: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly abort?: AbortSignal
}

/** The text of a 200; rejects with what is wrong in words, which never have the answer in them: it may be a secret. */
export async function askMetadata(
  url: URL,
  { method = 'GET', headers = {}, timeoutMs, abort = NEVER }: MetadataRequest,
): Promise<string> {
  const { status, text } = await ask({ url, method, headers, timeoutMs, maxBytes: MAX_BYTES }, systemClock, abort)
  if (status !== 200) throw new Error(`${url.host}: answers ${status}`)
  return text
}

/** Metadata and credentials have a few kilobytes. */
const MAX_BYTES = 256 * 1024
const NEVER = new AbortController().signal
