// Times in the words of strftime(3), in any time zone.

/** A time as its parts in some zone. */
interface Parts {
  /** The wall clock there, as if it were UTC's. */
  readonly there: Date
  readonly offsetMinutes: number
  readonly zone: string
}

/** Throws on a directive that is not known, or a zone that is none. `zone` "" is that of this machine. */
export function createStrftime(format: string, zone: string): (ms: number) => string {
  const pieces = parse(format)
  const inZone = zoneClock(zone)
  return (ms) => {
    const parts = inZone(ms)
    return pieces.map((piece) => (typeof piece === 'string' ? piece : piece(parts))).join('')
  }
}

type Directive = (parts: Parts) => string

function parse(format: string): (string | Directive)[] {
  const pieces: (string | Directive)[] = []
  for (const [piece, flag, letter, plain] of format.matchAll(/%([-_0^:]?)([A-Za-z+%])|([^%]+|%)/g)) {
    if (plain !== undefined) {
      pieces.push(plain)
      continue
    }
    const directive = DIRECTIVES[letter!]
    if (directive === undefined) throw new Error(`${piece} is no directive of strftime`)
    pieces.push(flagged(directive, flag!))
  }
  return pieces
}

/** `%-d`: without leading zeros; `%_d`: spaces for them; `%^b`: in capitals; `%:z`: with a colon. */
function flagged(directive: Directive, flag: string): Directive {
  switch (flag) {
    case '-':
      return (parts) => directive(parts).replace(/^[0 ]+(?=.)/, '')
    case '_':
      return (parts) => directive(parts).replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length))
    case '0':
      return (parts) => directive(parts).replace(/^ +/, (spaces) => '0'.repeat(spaces.length))
    case '^':
      return (parts) => directive(parts).toUpperCase()
    case ':':
      return (parts) => directive(parts).replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
    default:
      return directive
  }
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAY_MS = 86_400_000

const padded = (value: number, size: number, fill = '0'): string => String(value).padStart(size, fill)
const yearOf = ({ there }: Parts): string => padded(there.getUTCFullYear(), 4)
const monthOf = ({ there }: Parts): string => padded(there.getUTCMonth() + 1, 2)
const dayOf = ({ there }: Parts): string => padded(there.getUTCDate(), 2)
const hourOf = ({ there }: Parts): string => padded(there.getUTCHours(), 2)
const minuteOf = ({ there }: Parts): string => padded(there.getUTCMinutes(), 2)
const secondOf = ({ there }: Parts): string => padded(there.getUTCSeconds(), 2)
const hour12Of = ({ there }: Parts): number => there.getUTCHours() % 12 || 12
const dayOfYear = ({ there }: Parts): number =>
  Math.floor((there.getTime() - Date.UTC(there.getUTCFullYear(), 0, 1)) / DAY_MS)
const dayName = ({ there }: Parts): string => DAYS[there.getUTCDay()]!
const monthName = ({ there }: Parts): string => MONTHS[there.getUTCMonth()]!
const isAfternoon = ({ there }: Parts): boolean => there.getUTCHours() >= 12
const dateOf = (parts: Parts): string => `${yearOf(parts)}-${monthOf(parts)}-${dayOf(parts)}`
const timeOf = (parts: Parts): string => `${hourOf(parts)}:${minuteOf(parts)}:${secondOf(parts)}`
/** Weeks of the year; the first begins with the year's first `firstDay`. */
const weekFrom = (parts: Parts, firstDay: number): number =>
  Math.floor((dayOfYear(parts) + 7 - ((parts.there.getUTCDay() - firstDay + 7) % 7)) / 7)

/** ISO 8601: the week that has the year's first Thursday is the first. */
function isoWeek({ there }: Parts): { readonly year: number; readonly week: number } {
  const thursday = new Date(there.getTime() + (3 - ((there.getUTCDay() + 6) % 7)) * DAY_MS)
  const year = thursday.getUTCFullYear()
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1 }
}

function offsetOf({ offsetMinutes }: Parts): string {
  const minutes = Math.abs(offsetMinutes)
  return `${offsetMinutes < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60), 2)}${padded(minutes % 60, 2)}`
}

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: yearOf,
  C: ({ there }) => padded(Math.floor(there.getUTCFullYear() / 100), 2),
  y: ({ there }) => padded(there.getUTCFullYear() % 100, 2),
  m: monthOf,
  B: monthName,
  b: (parts) => monthName(parts).slice(0, 3),
  h: (parts) => monthName(parts).slice(0, 3),
  d: dayOf,
  e: ({ there }) => padded(there.getUTCDate(), 2, ' '),
  j: (parts) => padded(dayOfYear(parts) + 1, 3),
  A: dayName,
  a: (parts) => dayName(parts).slice(0, 3),
  u: ({ there }) => String(there.getUTCDay() || 7),
  w: ({ there }) => String(there.getUTCDay()),
  G: (parts) => padded(isoWeek(parts).year, 4),
  g: (parts) => padded(isoWeek(parts).year % 100, 2),
  V: (parts) => padded(isoWeek(parts).week, 2),
  U: (parts) => padded(weekFrom(parts, 0), 2),
  W: (parts) => padded(weekFrom(parts, 1), 2),
  H: hourOf,
  k: ({ there }) => padded(there.getUTCHours(), 2, ' '),
  I: (parts) => padded(hour12Of(parts), 2),
  l: (parts) => padded(hour12Of(parts), 2, ' '),
  p: (parts) => (isAfternoon(parts) ? 'PM' : 'AM'),
  P: (parts) => (isAfternoon(parts) ? 'pm' : 'am'),
  M: minuteOf,
  S: secondOf,
  L: ({ there }) => padded(there.getUTCMilliseconds(), 3),
  f: ({ there }) => padded(there.getUTCMilliseconds() * 1000, 6),
  s: ({ there, offsetMinutes }) => String(Math.floor(there.getTime() / 1000) - offsetMinutes * 60),
  F: dateOf,
  T: timeOf,
  X: timeOf,
  R: (parts) => `${hourOf(parts)}:${minuteOf(parts)}`,
  D: (parts) => `${monthOf(parts)}/${dayOf(parts)}/${yearOf(parts).slice(-2)}`,
  x: (parts) => `${monthOf(parts)}/${dayOf(parts)}/${yearOf(parts).slice(-2)}`,
  r: (parts) =>
    `${padded(hour12Of(parts), 2)}:${minuteOf(parts)}:${secondOf(parts)} ${isAfternoon(parts) ? 'PM' : 'AM'}`,
  c: (parts) =>
    `${dayName(parts).slice(0, 3)} ${monthName(parts).slice(0, 3)} ${padded(parts.there.getUTCDate(), 2, ' ')} ${timeOf(parts)} ${yearOf(parts)}`,
  z: offsetOf,
  Z: ({ zone }) => zone,
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
}

function zoneClock(zone: string): (ms: number) => Parts {
  const timeZone = zone === '' || zone === 'Local' ? undefined : zone
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const name = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' })
  // Offsets change on full quarters of an hour.
  let knownFor = Number.NaN
  let offsetMinutes = 0
  let zoneName = ''
  return (ms) => {
    const quarter = Math.floor(ms / 900_000)
    if (quarter !== knownFor) {
      offsetMinutes = parseOffset(zonePart(offset, ms))
      zoneName = zonePart(name, ms)
      knownFor = quarter
    }
    return { there: new Date(ms + offsetMinutes * 60_000), offsetMinutes, zone: zoneName }
  }
}

const zonePart = (format: Intl.DateTimeFormat, ms: number): string =>
  format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** `GMT`, `GMT+05:30`. */
function parseOffset(text: string): number {
  const match = /([+-])(\d\d):(\d\d)/.exec(text)
  return match === null ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}
