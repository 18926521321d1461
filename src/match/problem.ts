import type * as v from 'valibot'
import type { Message } from '../config/coded.ts'

/** An issue at a path inside a checked value, for `rawCheck`. */
export function problem<T extends object>(
  root: T,
  path: readonly (string | number)[],
  message: Message,
): v.RawCheckIssueInfo<T> {
  const items: v.UnknownPathItem[] = []
  let input: unknown = root
  for (const key of path) {
    const value: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined
    items.push({ type: 'unknown', origin: 'value', input, key, value })
    input = value
  }
  return { message, input, path: items as [v.UnknownPathItem, ...v.UnknownPathItem[]] }
}
