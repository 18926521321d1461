// A line of the log for people: time, level, message, then what varies as key=value. A list called `lines` follows below,
// indented, so that nothing in it can pass for a line of the log.
import { escapeCharacter } from './line.ts'

const DIM = '\x1b[2m'
const RESET = '\x1b[0m'
const COLOURS: Readonly<Record<string, string>> = {
  debug: '\x1b[36m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
}
/** What reads well without quotes. */
const PLAIN = /^[^\s"'=\\{}[\],\p{C}]+$/u

/** `json` is a line as pino writes it. Colours are for terminals. */
export function consoleLine(json: string, hasColours: boolean): string {
  const { level, ts, msg, lines, ...fields } = JSON.parse(json) as Record<string, unknown>
  const name = String(level)
  const head = hasColours
    ? `${DIM}${ts}${RESET} ${COLOURS[name] ?? ''}${name.padEnd(5)}${RESET} ${visible(String(msg))}`
    : `${ts} ${name.padEnd(5)} ${visible(String(msg))}`
  let line = head
  for (const [key, value] of Object.entries(fields)) {
    const shown = `${visible(key)}=`
    line += hasColours ? ` ${DIM}${shown}${RESET}${valueText(value)}` : ` ${shown}${valueText(value)}`
  }
  const below = Array.isArray(lines) ? lines : []
  return `${[line, ...below.map((text) => `  ${visible(String(text))}`)].join('\n')}\n`
}

/** A terminal does, unless somebody has said NO_COLOR (https://no-color.org). */
export const takesColours = (isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): boolean =>
  isTerminal && !env.NO_COLOR

/** A control character shows as its escape. */
const visible = (text: string): string => text.replace(/\p{C}|[\u2028\u2029]/gu, escapeCharacter)

const valueText = (value: unknown): string =>
  typeof value === 'string' && PLAIN.test(value) ? value : visible(JSON.stringify(value))
