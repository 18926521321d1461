// Golden cases: folders with the exporter's settings, OTLP/JSON requests in a row, and what a scrape then shows.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { Batch } from '../../../src/data/index.ts'
import { batchOf } from '../../kit/otlp.ts'

const folder = fileURLToPath(new URL('cases', import.meta.url))

export interface Case {
  readonly name: string
  readonly config: Record<string, unknown>
  /** OTLP/JSON bodies. */
  readonly requests: readonly object[]
  /** `text` or `openmetrics`: what is expected; undefined when the case has no such file. */
  expected(file: string): string | undefined
  pathOf(file: string): string
}

export const cases: readonly Case[] = readdirSync(folder).map((name) => {
  const pathOf = (file: string): string => `${folder}/${name}/${file}`
  const read = (file: string): string | undefined =>
    existsSync(pathOf(file)) ? readFileSync(pathOf(file), 'utf8') : undefined
  return {
    name,
    config: parse(read('config.yaml') ?? '') ?? {},
    requests: JSON.parse(read('input.json')!),
    expected: read,
    pathOf,
  }
})

/** OTLP/JSON has ids in hexadecimal, where JSON of protobuf has base64. */
export function batchOfJson(request: object): Batch<'metrics'> {
  const text = JSON.stringify(request, (key, value) =>
    key === 'traceId' || key === 'spanId' ? Buffer.from(value, 'hex').toString('base64') : value,
  )
  return batchOf('metrics', JSON.parse(text))
}

/** For comparing what has no order: families, and series inside a family. */
export const sorted = (text: string): string => text.split('\n').toSorted().join('\n')
