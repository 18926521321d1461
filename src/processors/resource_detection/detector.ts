// What detectors promise, and what they find.
import type { Settings } from '../../contract/index.ts'
import type { AnyValue } from '../../data/index.ts'
import type { Machine } from './machine.ts'

/** Looks once, until told to give up. Rejects with `AbsentError` when it is not on the platform that it knows. */
export type Detect = (abort: AbortSignal) => Promise<Finding>

export interface Finding {
  readonly attributes: ReadonlyMap<string, AnyValue>
  /** What the attributes' names mean; empty when nobody says. */
  readonly schemaUrl: string
}

/** What a detector is made with, beside its own settings. */
export interface Around extends Pick<Settings, 'clock' | 'log'> {
  readonly machine: Machine
  /** `fail_on_missing_metadata`. */
  readonly isStrict: boolean
  /** For calls of AWS. */
  readonly settings: Settings
}

/** This is another platform, or its metadata service does not answer: nothing is found, which is all right unless it must be. */
export class AbsentError extends Error {
  override readonly name = 'AbsentError'
}

export const nothing: Finding = { attributes: new Map(), schemaUrl: '' }

const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.43.0'

/** `resource_attributes` of a detector, by attribute. */
export type Toggles<Name extends string> = Readonly<Record<Name, { readonly enabled: boolean }>>

/** Collects the attributes that are wanted. */
export interface Found<Name extends string> {
  wants(...names: readonly Name[]): boolean
  set(name: Name, value: AnyValue): void
  /** One that no setting names. */
  add(name: string, value: AnyValue): void
  done(): Finding
}

/** Made when the detector is, since it is then that settings are read; `begin` starts a finding. */
export function collecting<Name extends string>(toggles: Toggles<Name>): { begin(): Found<Name> } {
  const wanted = new Set<string>()
  for (const [name, { enabled }] of Object.entries<{ readonly enabled: boolean }>(toggles))
    if (enabled) wanted.add(name)
  return {
    begin() {
      const attributes = new Map<string, AnyValue>()
      return {
        wants: (...names) => names.some((name) => wanted.has(name)),
        set(name, value) {
          if (wanted.has(name)) attributes.set(name, value)
        },
        add: (name, value) => void attributes.set(name, value),
        done: () => ({ attributes, schemaUrl: SCHEMA_URL }),
      }
    },
  }
}

export { memberOf, textIn } from '../../aws/instance/member.ts'
