import type { Driven } from '../../../src/testing/index.ts'
import type { Surroundings } from '../driven.ts'

/** What the tables of settings may use besides. */
export interface Scene extends Surroundings {
  /** A directory whose name is short enough for sockets. */
  readonly sockets: string
  /** Files of certificates, made for this run. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  readonly pem: { readonly ca: string; readonly cert: string; readonly key: string }
}

type Made<T> = T | ((scene: Scene) => T)

/** A setting that does something. */
export interface Change {
  /** Another value than the default. */
  readonly value: Made<unknown>
  /** What can be seen to be different. */
  readonly change: string
  /** What else has to be said for that value to be taken, or to matter. */
  readonly with?: Made<object>
  /** How the component is used so that it matters; by default it starts, takes a batch of each signal, and stops. `config`
   * is for another instance, made by hand. */
  readonly use?: (one: Driven, scene: Scene, config: () => unknown) => Promise<void>
  /** The section that it is in is read instead, to say that it has no effect. */
  readonly isReadAsSection?: boolean
  /** Decides what else may be said, and nothing more: without it the config is refused. */
  readonly permits?: boolean
  /** Folders or files of the tests that hold it; one of them names the setting. */
  readonly heldBy?: readonly string[]
}
/** A setting of the collector that is not taken: the problem that says so. */
export interface Refusal {
  readonly value: Made<unknown>
  readonly refused: RegExp
  readonly with?: Made<object>
}
export type Changes = Readonly<Record<string, Change | Refusal>>

/** The same below a section, held by other tests unless they say otherwise. */
export function under(prefix: string, changes: Changes, common: Pick<Change, 'with' | 'use' | 'heldBy'> = {}): Changes {
  return Object.fromEntries(
    Object.entries(changes).map(([path, change]) => [
      prefix === '' ? path : `${prefix}.${path}`,
      { ...common, ...change },
    ]),
  )
}

export const made = <T>(value: Made<T>, scene: Scene): T =>
  typeof value === 'function' ? (value as (scene: Scene) => T)(scene) : value
