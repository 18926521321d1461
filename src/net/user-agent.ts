import type { Settings } from '../contract/index.ts'

/** RFC 9110, 10.1.5: `sluice/1.2.3 (linux/x64)`. */
export const userAgentOf = ({ name, version }: Settings['agent']): string =>
  `${name}/${version} (${process.platform}/${process.arch})`
