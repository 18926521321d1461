// Looking into an answer of which nothing is certain.

export type Json = Readonly<Record<string, unknown>>

/** Whole numbers beyond 2^53 are bigints: the CPU time of a large machine is one after two days. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value,
  )
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectIn = (of: unknown, key: string): Json | undefined => {
  const value = isObject(of) && Object.hasOwn(of, key) ? of[key] : undefined
  return isObject(value) ? value : undefined
}

export const listIn = (of: unknown, key: string): readonly unknown[] | undefined => {
  const value = isObject(of) ? of[key] : undefined
  return Array.isArray(value) ? value : undefined
}

/** Empty when it is not there. */
export const textIn = (of: unknown, key: string): string => {
  const value = isObject(of) ? of[key] : undefined
  return typeof value === 'string' ? value : ''
}

export const numberIn = (of: unknown, key: string): number | undefined => {
  const value = isObject(of) ? of[key] : undefined
  return typeof value === 'number' ? value : undefined
}

/** A whole number that is not negative. */
export const wholeIn = (of: unknown, key: string): bigint | undefined => {
  const value = isObject(of) ? of[key] : undefined
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined
}
