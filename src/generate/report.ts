// What a person sees while it runs, and in the end.
import { SIGNALS } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { Progress } from './load.ts'
import { explain } from './sender.ts'
import type { Target } from './target.ts'

const NOUNS: Readonly<Record<Signal, string>> = { traces: 'spans', metrics: 'data points', logs: 'log records' }

export const sentItems = ({ sentItems }: Progress): number => sentItems.traces + sentItems.metrics + sentItems.logs

/** One line, to be written over itself. */
export function progressLine(progress: Progress, durationMs: number): string {
  const leftSeconds = Math.max(0, Math.ceil((durationMs - progress.elapsedMs) / 1000))
  const failed = progress.failedItems > 0 ? `, ${count(progress.failedItems)} failed` : ''
  return `${count(sentItems(progress))} sent${failed}, ${rateOf(progress)}, ${leftSeconds} s left`
}

export function summary(progress: Progress, of: { readonly target: Target; readonly seed: number }): string {
  const { url, protocol } = of.target
  const where = `${url.href.replace(/\/$/, '')} (${protocol})`
  const sent = sentItems(progress)
  const parts = SIGNALS.filter((signal) => progress.sentItems[signal] > 0).map(
    (signal) => `${count(progress.sentItems[signal])} ${NOUNS[signal]}`,
  )
  const lines: string[] = []
  if (sent > 0) {
    const seconds = (progress.elapsedMs / 1000).toFixed(1)
    lines.push(
      `sent ${parts.join(', ')} to ${where} in ${seconds} s: ${rateOf(progress)}, ${count(progress.requests)} requests`,
    )
  } else lines.push(`nothing could be sent to ${where}`)
  if (progress.failedItems > 0)
    lines.push(`failed: ${count(progress.failedItems)} items${reason(progress.firstError, '; the first: ')}`)
  if (progress.lateItems > 0 && sent > 0)
    lines.push(
      `not sent: ${count(progress.lateItems)} items; the destination took longer than the rate allows (more --connections, a larger --batch, a lower --rate)`,
    )
  if (sent === 0) lines.push(...hints(of.target))
  else lines.push(`the same again: --seed ${of.seed}`)
  return `${lines.join('\n')}\n`
}

const reason = (error: unknown, before: string): string => (error === undefined ? '' : before + explain(error))

const hints = ({ url, protocol }: Target): string[] => [
  'Is an agent running, and does it listen there? Start one with "npm start" or "sluice run --config …",',
  `then: sluice generate --endpoint ${url.origin} --protocol ${protocol === 'grpc' ? 'grpc (or http, port 4318)' : 'http (or grpc, port 4317)'}`,
]

const rateOf = (progress: Progress): string =>
  `${count(Math.round(sentItems(progress) / Math.max(0.001, progress.elapsedMs / 1000)))} a second`

const count = (number: number): string => number.toLocaleString('en-US')
