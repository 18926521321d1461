// What a component begins as: a small one of its kind that works, to be changed into what is wanted.
import type { ComponentKind } from '../contract/index.ts'

/** How it is called, in each spelling that code and prose need. */
export interface Name {
  readonly kind: ComponentKind
  /** `my_exporter`: in configs. */
  readonly type: string
  /** `MyExporter` without the kind at its end: `My`, or `Shop` for `shop`. */
  readonly pascal: string
}

export interface Draft {
  /** One sentence. */
  readonly summary: string
  /** Says when somebody wants it; a line each. */
  readonly whenToUse: string
  /** Says what happens in it; a line each. */
  readonly howItWorks: string
  /** `signals: ['logs'],` or `routes: […],`; empty where the kind has none. */
  readonly fact: string
  /** The schema: everything behind `config =`. */
  readonly schema: string
  /** Everything behind `create:`. */
  readonly create: string
  /** The code of `receiver.ts` and so on; `export` stands in front of what `create` names. */
  readonly wiring: string
  /** The settings of the example, as YAML below the component's name. */
  readonly example: string
  /** The first golden case. */
  readonly golden: {
    readonly config: string
    /** OTLP/JSON; undefined where nothing comes in. */
    readonly input: object | undefined
    readonly expected: object
  }
  /** Of a receiver: the function that lets something come in at `one`, for the contract suite. */
  readonly receive?: string
  /** The body of the test of a golden case `one` of `factory`; it may use `t`, nothing of which is a test runner's. */
  readonly goldenTest: string
}

/** What is different, or besides, for a component of the project. */
export interface ProjectDraft extends Draft {
  /** Code in `test/contract/driven.ts`: the least settings, from what is around. */
  readonly minimal: string
  /** Code in `test/contract/settings/table.ts`: each setting, another value. */
  readonly changes: string
}

/** What is different, or besides, for a plugin. */
export interface PluginDraft extends Draft {
  /** The argument of `contract` behind the factory; undefined when it needs no settings. */
  readonly contractConfig: string | undefined
}

export interface Drafts {
  readonly project: ProjectDraft
  readonly plugin: PluginDraft
}
