// A code is the word that metrics and logs carry as `reason`. It is kept: alerts and searches are written with it.
export interface CodePage {
  /** What has happened, and what becomes of the data. */
  readonly what: string
  /** Usual causes. */
  readonly why: string
  /** What a person does about it. */
  readonly fix: string
}

/** By code, or by the pattern of a family: `http_<status>`. */
export type Codes = Readonly<Record<string, CodePage>>
