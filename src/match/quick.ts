// The patterns for which the platform's backtracking engine is safe, translated from RE2's spelling.
//
// pattern   = alternation;  alternation = sequence {"|" sequence};  sequence = {atom [quantifier]}
// atom      = character | "." | class | "^" | "$" | "\b" | "\A" | "\z" | "(" alternation ")"
// quantifier of a character, "." or class = "*" | "+" | "?" | "*?" | "+?" | "{n}" | "{n,m}";  of a group = "?"
//
// Unlimited repetition of single characters only, so no pattern is exponential: with q of them a text of n characters
// costs at most w·n^(q+1) steps, where w is the number of ways through the alternatives.

export interface Quick {
  readonly regExp: RegExp
  readonly groupNames: readonly (string | undefined)[]
  /** For longer texts it may cost too much. */
  readonly maxLength: number
}

/** About 50 µs. */
const MAX_STEPS = 2 ** 18
const MAX_WAYS = 64
const MAX_COUNT = 32
const MAX_DEPTH = 50

/** Undefined for what is not safe, not of this grammar, or not valid at all. */
export function parseQuick(source: string): Quick | undefined {
  const parser = new Parser(source)
  const translated = parser.parse()
  if (translated === undefined) return undefined
  const degree = parser.unlimited + (parser.isAnchored ? 0 : 1)
  return {
    regExp: new RegExp(translated),
    groupNames: parser.groupNames,
    maxLength: Math.floor((MAX_STEPS / parser.ways) ** (1 / degree)),
  }
}

/** Not of this grammar. */
const NOT = undefined

/** A code point is one character to RE2, two to a RegExp when it lies beyond the BMP. */
const PAIR = '[\\ud800-\\udbff][\\udc00-\\udfff]'
const SPACE = '\\t\\n\\f\\r '

/** What one character may be: in a class of its own, or all but those. */
interface Characters {
  readonly list: string
  readonly isNegated: boolean
}

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0
  readonly groupNames: (string | undefined)[] = []
  unlimited = 0
  ways = 1
  isAnchored = false

  constructor(source: string) {
    this.#source = source
  }

  parse(): string | undefined {
    if (/[^\x20-\x7e]/.test(this.#source)) return NOT
    this.isAnchored = /^(?:\^|\\A)/.test(this.#source)
    const translated = this.#alternation()
    const isWhole = this.#at === this.#source.length && this.ways <= MAX_WAYS
    return isWhole && this.#hasDistinctNames() ? translated : NOT
  }

  #hasDistinctNames(): boolean {
    const names = this.groupNames.filter((name) => name !== undefined)
    return new Set(names).size === names.length
  }

  #alternation(): string | undefined {
    if (++this.#depth > MAX_DEPTH) return NOT
    const sequences: string[] = []
    do {
      const sequence = this.#sequence()
      if (sequence === NOT) return NOT
      sequences.push(sequence)
    } while (this.#take('|'))
    this.#depth--
    this.ways *= sequences.length
    // "^a|b" may begin anywhere
    if (sequences.length > 1 && this.#depth === 0) this.isAnchored = false
    return sequences.join('|')
  }

  #sequence(): string | undefined {
    let translated = ''
    while (this.#at < this.#source.length && !this.#isNext('|') && !this.#isNext(')')) {
      const piece = this.#assertion() ?? (this.#isNext('(') ? this.#group() : this.#repeated())
      if (piece === NOT) return NOT
      translated += piece
    }
    return translated
  }

  #assertion(): string | undefined {
    for (const [spelled, meant] of ASSERTIONS) if (this.#take(spelled)) return this.#isQuantifier() ? NOT : meant
    return NOT
  }

  #group(): string | undefined {
    const opening = /\((?:\?:|\?P?<([A-Za-z_][A-Za-z0-9_]*)>|(?!\?))/y
    opening.lastIndex = this.#at
    const match = opening.exec(this.#source)
    if (match === null) return NOT
    this.#at = opening.lastIndex
    const isCapturing = match[0] !== '(?:'
    if (isCapturing) this.groupNames.push(match[1])
    const inside = this.#alternation()
    if (inside === NOT || !this.#take(')')) return NOT
    const isOptional = this.#take('?')
    if (isOptional) this.ways *= 2
    if (this.#isQuantifier()) return NOT
    return `${isCapturing ? '(' : '(?:'}${inside})${isOptional ? '?' : ''}`
  }

  #repeated(): string | undefined {
    const characters = this.#characters()
    if (characters === NOT) return NOT
    const quantifier = this.#quantifier()
    if (quantifier === NOT || this.#isQuantifier()) return NOT
    const { list, isNegated } = characters
    if (!isNegated) return `${isSingle(list) ? outside(list) : `[${list}]`}${quantifier}`
    // Taking as much as there is never ends inside a pair, since nothing that may follow begins inside one.
    if (quantifier === '*' || quantifier === '+') return `[^${list}]${quantifier}`
    return `(?:[^${list}\\ud800-\\udfff]|${PAIR})${quantifier}`
  }

  #quantifier(): string | undefined {
    const quantifier = /[*+]\??|\?|\{(\d+)(?:,(\d+))?\}/y
    quantifier.lastIndex = this.#at
    const match = quantifier.exec(this.#source)
    if (match === null) return ''
    this.#at = quantifier.lastIndex
    const [spelled, least, most = least] = match
    if (spelled === '?') this.ways *= 2
    else if (least === undefined) this.unlimited++
    else {
      if (Number(most) > MAX_COUNT || Number(most) < Number(least)) return NOT
      this.ways *= Number(most) - Number(least) + 1
    }
    return spelled
  }

  /** What would repeat a repetition, or something that cannot be repeated here. */
  #isQuantifier(): boolean {
    return /[*+?{]/.test(this.#source[this.#at] ?? '')
  }

  #characters(): Characters | undefined {
    const character = this.#source[this.#at++]!
    if (character === '.') return { list: '\\n', isNegated: true }
    if (character === '[') return this.#class()
    if (character === '\\') return this.#escape()
    if (/[*+?{}()|^$\]]/.test(character)) return NOT
    return { list: escaped(character), isNegated: false }
  }

  #escape(): Characters | undefined {
    const letter = this.#source[this.#at++]
    if (letter === undefined) return NOT
    const list = LISTS.get(letter.toLowerCase())
    if (list !== undefined) return { list, isNegated: letter !== letter.toLowerCase() }
    return /[A-Za-z0-9]/.test(letter) ? NOT : { list: escaped(letter), isNegated: false }
  }

  /** Characters, ranges and \d \w \s; what is rarer is left to the other engine. */
  #class(): Characters | undefined {
    const body = /(\^?)((?:[^\]\\[^-]|\\[^A-Za-z0-9]|\\[dws]|[A-Za-z0-9]-[A-Za-z0-9]|-(?=\]))+)\]/y
    body.lastIndex = this.#at
    const match = body.exec(this.#source)
    if (match === null) return NOT
    this.#at = body.lastIndex
    let list = ''
    for (const [item] of match[2]!.matchAll(/\\.|.-.|./g)) {
      if (item.length === 3) {
        if (item.charCodeAt(0) > item.charCodeAt(2)) return NOT
        list += item
      } else list += item.length === 2 ? (LISTS.get(item[1]!) ?? escaped(item[1]!)) : escaped(item)
    }
    return { list, isNegated: match[1] === '^' }
  }

  #isNext(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }
  #take(text: string): boolean {
    if (!this.#isNext(text)) return false
    this.#at += text.length
    return true
  }
}

const ASSERTIONS: readonly (readonly [spelled: string, meant: string])[] = [
  ['^', '^'],
  ['$', '$'],
  ['\\A', '^'],
  ['\\z', '$'],
  ['\\b', '\\b'],
]
const LISTS: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['w', '0-9A-Za-z_'],
  ['s', SPACE],
])

/** Inside brackets nothing else is special. */
const escaped = (character: string): string => (/[\\\]^-]/.test(character) ? `\\${character}` : character)

const isSingle = (list: string): boolean => list.length === 1 || (list.length === 2 && list.startsWith('\\'))
/** One character of a list as it is spelled without brackets. */
const outside = (list: string): string => (/^[.*+?(){}|$[/]$/.test(list) ? `\\${list}` : list === '\\-' ? '-' : list)
