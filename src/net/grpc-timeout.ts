// grpc-timeout: at most eight digits and a unit.
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
/** What a timer can hold; nobody waits longer. */
const MAX_MS = 2 ** 31 - 1

/** In milliseconds, 24 days at most; undefined when it is none. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text)
  return match === null ? undefined : Math.min(MAX_MS, Number(match[1]) * UNITS_MS[match[2]!]!)
}
