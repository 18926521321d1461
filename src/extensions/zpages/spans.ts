// /debug/tracez: the agent's own spans of late, by name and latency.
import type { FinishedSpan, SpansView } from '../../contract/index.ts'
import { harmless } from '../../observe/line.ts'
import { type Html, html } from './html.ts'
import { count } from './pipelines.ts'

/** `name` and `bucket` (a number, or `errors`) choose the spans that are shown one by one. */
export function spansPage(
  spans: SpansView,
  chosen: { readonly name: string | null; readonly bucket: string | null },
): Html {
  const { boundsMs } = spans
  const labels = [...boundsMs.map((bound) => `< ${latency(bound)}`), `≥ ${latency(boundsMs.at(-1) ?? 0)}`]
  const link = (name: string, bucket: string | number, items: number): Html =>
    items === 0
      ? html``
      : html`<a href="?${new URLSearchParams({ name, bucket: String(bucket) }).toString()}#spans">${count(items)}</a>`
  const names = spans.names().toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const table = html`<div class="scroll"><table><thead><tr><th>span<th>running${labels.map((label) => html`<th>${label}`)}<th>errors</thead>
${names.map(({ name, running, counts, errorCount }) => html`<tr><td><code>${name}</code><td class="number">${running}${counts.map((items, bucket) => html`<td class="number">${link(name, bucket, items)}`)}<td class="number">${link(name, 'errors', errorCount)}`)}
</table></div>`
  if (names.length === 0)
    return html`<p>There were none yet: a receiver that hands something on, or an exporter that sends, makes one.</p>`
  const one = names.find(({ name }) => name === chosen.name)
  const found =
    one === undefined ? undefined : chosen.bucket === 'errors' ? one.errors : one.samples[Number(chosen.bucket)]
  return html`${table}${one === undefined || found === undefined ? '' : html`<h2 id="spans">${one.name}: the newest ${found.length}</h2>${list(found)}`}`
}

const list = (spans: readonly FinishedSpan[]): Html =>
  html`<div class="scroll"><table><thead><tr><th>began<th>took<th>attributes<th>error</thead>${spans.map(
    ({ startedAt, durationMs, attributes, error }) =>
      html`<tr><td>${new Date(startedAt).toISOString()}<td class="number">${latency(durationMs)}<td><code>${Object.entries(
        attributes,
      )
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}</code><td class="bad">${harmless(error ?? '')}`,
  )}</table></div>`

function latency(ms: number): string {
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(3))} s`
  return ms >= 1 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms * 1000).toPrecision(3))} µs`
}
