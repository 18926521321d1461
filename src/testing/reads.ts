/** What of a value has been read, by path: `sending_queue.queue_size`, items of lists as `actions.0.key`. */
export interface TrackedReads<T> {
  /** Reads like the value itself. */
  readonly value: T
  readonly read: ReadonlySet<string>
  /** Paths of values that are no objects, and of objects with nothing in them, which nobody has read. */
  unread(): string[]
}

/**
 * Wraps a parsed config so that a test can tell which settings nobody reads. Spreading, `Object.entries`, `JSON.stringify`
 * and iterating count as reading what they touch; class instances (secrets, regular expressions) are handed out as they are.
 */
export function trackReads<T>(value: T): TrackedReads<T> {
  const read = new Set<string>()
  return {
    value: wrap(value, '', read),
    read,
    unread: () => leaves(value, '').filter((path) => !read.has(path)),
  }
}

function wrap<T>(value: T, path: string, read: Set<string>): T {
  if (!isPlain(value)) return value
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver)
      if (!Object.hasOwn(target, key) || typeof key === 'symbol') return found
      const at = path === '' ? key : `${path}.${key}`
      read.add(at)
      // What cannot be changed must be handed out as it is: an invariant of Proxy.
      if (!isPlain(found) || Object.getOwnPropertyDescriptor(target, key)?.configurable === false) return found
      if (!wrapped.has(key)) wrapped.set(key, wrap(found, at, read))
      return wrapped.get(key)
    },
  })
}

/** An object or list as parsing makes them; not an instance of a class. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function leaves(value: unknown, path: string): string[] {
  if (value === undefined) return []
  const entries = isPlain(value) ? Object.entries(value) : []
  if (entries.length === 0) return path === '' ? [] : [path]
  return entries.flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
}
