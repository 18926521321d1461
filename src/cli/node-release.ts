// Whether the Node that runs this has the security fixes that were known when this was written.

/**
 * Of each line that gets fixes, the release that has those of October 2026: https://nodejs.org/en/blog/vulnerability. To be looked at
 * with each release of sluice; docs/security.md says so.
 */
const FIXED: ReadonlyMap<number, string> = new Map([
  [22, '22.23.4'],
  [24, '24.22.1'],
  [26, '26.12.1'],
])

/** What to update to, when `version` (26.10.0) lacks fixes; undefined when nothing is known to be missing. */
export function updateFor(version: string, fixed: ReadonlyMap<number, string> = FIXED): string | undefined {
  const [major, minor, patch] = numbersOf(version)
  const newest = Math.max(...fixed.keys())
  if (major > newest) return undefined
  const release = fixed.get(major)
  // A line that gets no fixes any more.
  if (release === undefined) return fixed.get(newest)
  const [, leastMinor, leastPatch] = numbersOf(release)
  const isFixed = minor > leastMinor || (minor === leastMinor && patch >= leastPatch)
  return isFixed ? undefined : release
}

function numbersOf(version: string): readonly [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split('-')[0]!.split('.').map(Number)
  return [major, minor, patch]
}
