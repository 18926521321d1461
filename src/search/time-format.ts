// The dates in index names: `yyyy.MM.dd` as the collector's OpenSearch exporter spells it, `%Y.%m.%d` as Logstash does.
import type { Instant } from '../data/index.ts'

/** In UTC, as both servers' own tools have it. */
export type FormatTime = (time: Instant) => string

/** yyyy, yy, MM, dd, HH, mm and ss; everything else stands for itself. */
export const dateTokens = (format: string): FormatTime => formatter(format.split(/(yyyy|yy|MM|dd|HH|mm|ss)/), TOKENS)

/** strftime(3). Throws for a letter that is none of it. */
export function strftime(format: string): FormatTime {
  const pieces = format.split(/(%.?)/s)
  for (const piece of pieces)
    if (piece.startsWith('%') && STRFTIME[piece] === undefined)
      throw new RangeError(`${piece} is no part of a date: ${Object.keys(STRFTIME).join(' ')}`)
  return formatter(pieces, STRFTIME)
}

interface Token {
  /** For how long its text stays the same. */
  readonly seconds: number
  readonly textOf: (date: Date) => string
}
type Tokens = Readonly<Record<string, Token>>

/** The text of the last day (hour, minute, second) that was asked for is kept: most ask for it again. */
function formatter(pieces: readonly string[], tokens: Tokens): FormatTime {
  const parts = pieces.filter((piece) => piece !== '').map((piece) => tokens[piece] ?? piece)
  const seconds = Math.min(DAY, ...parts.map((part) => (typeof part === 'string' ? DAY : part.seconds)))
  let known = Number.NaN
  let text = ''
  return (time) => {
    const unit = Math.floor(time.seconds / seconds)
    if (unit !== known) {
      const date = new Date(unit * seconds * 1000)
      text = parts.map((part) => (typeof part === 'string' ? part : part.textOf(date))).join('')
      known = unit
    }
    return text
  }
}

const DAY = 86_400
const digits = (value: number, width: number): string => String(value).padStart(width, '0')
const year = (date: Date): number => date.getUTCFullYear()
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12

const day = (textOf: Token['textOf']): Token => ({ seconds: DAY, textOf })
const hour = (textOf: Token['textOf']): Token => ({ seconds: 3600, textOf })
const minute = (textOf: Token['textOf']): Token => ({ seconds: 60, textOf })
const second = (textOf: Token['textOf']): Token => ({ seconds: 1, textOf })

const Y = day((date) => digits(year(date), 4))
const y = day((date) => digits(year(date) % 100, 2))
const m = day((date) => digits(date.getUTCMonth() + 1, 2))
const d = day((date) => digits(date.getUTCDate(), 2))
const H = hour((date) => digits(date.getUTCHours(), 2))
const M = minute((date) => digits(date.getUTCMinutes(), 2))
const S = second((date) => digits(date.getUTCSeconds(), 2))

const TOKENS: Tokens = { yyyy: Y, yy: y, MM: m, dd: d, HH: H, mm: M, ss: S }

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
].concat(['november', 'december'])
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/** Names of months and days are in lower case: an index name has no other. */
const STRFTIME: Tokens = {
  '%Y': Y,
  '%y': y,
  '%C': day((date) => digits(Math.floor(year(date) / 100), 2)),
  '%m': m,
  '%d': d,
  '%e': day((date) => String(date.getUTCDate())),
  '%j': day((date) => digits(dayOfYear(date), 3)),
  '%H': H,
  '%I': hour((date) => digits(hour12(date), 2)),
  '%M': M,
  '%S': S,
  '%s': second((date) => String(date.getTime() / 1000)),
  '%p': hour((date) => (date.getUTCHours() < 12 ? 'am' : 'pm')),
  '%F': day((date) => `${Y.textOf(date)}-${m.textOf(date)}-${d.textOf(date)}`),
  '%b': day((date) => MONTHS[date.getUTCMonth()]!.slice(0, 3)),
  '%B': day((date) => MONTHS[date.getUTCMonth()]!),
  '%a': day((date) => DAYS[date.getUTCDay()]!.slice(0, 3)),
  '%A': day((date) => DAYS[date.getUTCDay()]!),
  '%u': day((date) => String(date.getUTCDay() || 7)),
  '%w': day((date) => String(date.getUTCDay())),
  '%U': day((date) => digits(Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7), 2)),
  '%V': day((date) => digits(isoWeek(date).week, 2)),
  '%G': day((date) => digits(isoWeek(date).year, 4)),
  '%%': { seconds: DAY, textOf: () => '%' },
}

const dayOfYear = (date: Date): number =>
  (Date.UTC(year(date), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year(date), 0, 1)) / (DAY * 1000) + 1

/** ISO 8601: the week of the year that has its Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY * 1000)
  return { year: year(thursday), week: Math.ceil(dayOfYear(thursday) / 7) }
}
