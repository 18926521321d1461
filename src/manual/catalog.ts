// What the manual describes: every component that there is, plugins' included.
import { successorTypes } from '../config/successors.ts'
import { type ComponentKind, type Factory, SIGNALS } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'

export interface Entry {
  readonly factory: Factory
  readonly names: readonly Name[]
}

/** How a component may be called in a config. */
export interface Name {
  readonly name: string
  /** Taken, and another spelling is the one to write. */
  readonly isOld: boolean
}

export type Aliases = Readonly<Record<ComponentKind, Readonly<Record<string, string>>>>

/** In the order of a config. */
export const SECTIONS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const
export type SectionName = (typeof SECTIONS)[number]

export const sectionOf = (kind: ComponentKind): SectionName => `${kind}s`

/** By section; each in the order of the alphabet. */
export type Catalog = Readonly<Record<SectionName, readonly Entry[]>>

export function catalogOf(factories: readonly Factory[], aliases: Aliases): Catalog {
  const entries = (section: SectionName): Entry[] =>
    factories
      .filter(({ kind }) => sectionOf(kind) === section)
      .sort((a, b) => (a.type < b.type ? -1 : 1))
      .map((factory) => ({ factory, names: namesOf(factory, aliases) }))
  return {
    receivers: entries('receivers'),
    processors: entries('processors'),
    exporters: entries('exporters'),
    connectors: entries('connectors'),
    extensions: entries('extensions'),
  }
}

function namesOf({ kind, type, aliases: own = [] }: Factory, aliases: Aliases): Name[] {
  const others = Object.entries(aliases[kind]).flatMap(([alias, of]) => (of === type ? [alias] : []))
  const successors = successorTypes[sectionOf(kind)] ?? {}
  const names = [...new Set([type, ...own, ...others])]
  const gone = Object.keys(successors).filter((name) => !names.includes(name) && names.includes(successors[name]!))
  return [...names, ...gone].map((name) => ({
    name,
    // The collector's names have underscores since 0.130; those without came before.
    isOld: name !== type && (Object.hasOwn(successors, name) || (type.includes('_') && !name.includes('_'))),
  }))
}

/** What it takes or gives; of a connector what it takes. */
export function signalsOf(factory: Factory): readonly Signal[] {
  switch (factory.kind) {
    case 'receiver':
    case 'exporter':
      return SIGNALS.filter((signal) => factory.signals.includes(signal))
    case 'processor':
      return SIGNALS.filter((signal) => factory.create[signal] !== undefined)
    case 'connector':
      return SIGNALS.filter((signal) => factory.routes.some(([from]) => from === signal))
    case 'extension':
      return []
  }
}
