// Runs the order saga (saga.ts) against a daemon's address, and tells what the SDK sent.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Document {
  readonly name: string
  readonly id: string
  readonly trace_id?: string
  readonly parent_id?: string
  readonly type?: string
  readonly namespace?: string
  readonly start_time: number
  readonly end_time: number
  readonly fault?: boolean
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly cause?: { readonly exceptions: readonly { readonly id: string; readonly message: string }[] }
  readonly precursor_ids?: readonly string[]
  readonly subsegments?: readonly Document[]
}

/** The documents, as the SDK has logged them. */
export async function runSaga(
  t: { comment(text: string): unknown },
  { udpPort, tcpUrl }: { readonly udpPort: number; readonly tcpUrl: string },
): Promise<Document[]> {
  const child = spawn(process.execPath, ['test/receivers/awsxray/saga.ts'], {
    env: {
      PATH: process.env.PATH,
      AWS_XRAY_DAEMON_ADDRESS: `tcp:${new URL(tcpUrl).host} udp:127.0.0.1:${udpPort}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the saga ended with ${code}: ${stderr}`)
  if (stderr !== '') t.comment(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Document)
}

/** Each segment and subsegment as a document of its own. */
export const flat = ({ subsegments = [], ...document }: Document, root = document): Document[] => [
  document,
  ...subsegments.flatMap((inner) =>
    flat({ ...inner, trace_id: root.trace_id!, parent_id: document.id, type: 'subsegment' }, root),
  ),
]
