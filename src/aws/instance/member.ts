// Looking into an answer of which nothing is certain.

/** What JSON has under a name, when it is a text; empty otherwise. */
export const textIn = (value: unknown, ...path: readonly string[]): string => {
  const found = memberOf(value, ...path)
  return typeof found === 'string' ? found : ''
}

export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
  return value
}
