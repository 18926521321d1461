import { compilePattern } from './regexp.ts'

export type Matches = (text: string) => boolean

export interface TextRules {
  readonly match_type: 'strict' | 'regexp'
  readonly regexp: { readonly cacheenabled: boolean; readonly cachemaxnumentries: number }
}

/** Where the collector knows no limit. */
const MAX_CACHED = 65_536
/** Longer ones are not remembered: a log body may be megabytes. */
const MAX_CACHED_LENGTH = 256

/** Whether a text is one of these, or one of these patterns is found in it. */
export function matchTexts(wanted: readonly string[], { match_type, regexp }: TextRules): Matches {
  if (match_type === 'strict') {
    const known = new Set(wanted)
    return (text) => known.has(text)
  }
  const patterns = [...new Set(wanted)].map(compilePattern)
  const found: Matches = (text) => patterns.some((pattern) => pattern.test(text))
  return regexp.cacheenabled ? remembering(found, regexp.cachemaxnumentries || MAX_CACHED) : found
}

/** The least recently asked is forgotten first. */
function remembering(matches: Matches, capacity: number): Matches {
  const answers = new Map<string, boolean>()
  return (text) => {
    if (text.length > MAX_CACHED_LENGTH) return matches(text)
    let answer = answers.get(text)
    if (answer === undefined) {
      answer = matches(text)
      if (answers.size >= capacity) answers.delete(answers.keys().next().value!)
    } else answers.delete(text)
    answers.set(text, answer)
    return answer
  }
}
