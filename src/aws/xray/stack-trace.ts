// What `exception.stacktrace` holds, as the languages print it, as frames and causes. Never throws: what is no frame is
// passed over.
import type { Frame } from './stack.ts'

export interface Trace {
  readonly frames: Frame[]
  /** Frames that the text says it leaves out. */
  truncated: number
  /** The exceptions behind it, each the cause of the one before. */
  readonly causes: Cause[]
}
export interface Cause {
  readonly type: string
  readonly message: string
  readonly frames: Frame[]
  truncated: number
}

/** Longer ones are not read to their end: a document has less room. */
const MAX_LENGTH = 256 * 1024

/** By `telemetry.sdk.language`; another one, or none, is told by what the text looks like. */
export function parseTrace(stacktrace: string, language: string): Trace {
  const text = stacktrace.length > MAX_LENGTH ? stacktrace.slice(0, MAX_LENGTH) : stacktrace
  return parserOf(language, text)(text.split('\n').map(withoutReturn))
}

type Parse = (lines: readonly string[]) => Trace

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)

function parserOf(language: string, text: string): Parse {
  switch (language) {
    case 'java':
      return parseJava
    case 'python':
      return parsePython
    case 'javascript':
    case 'nodejs':
    case 'webjs':
      return parseJavaScript
    case 'dotnet':
      return parseDotnet
    case 'php':
      return text.includes('\n#1 ') || text.startsWith('#0 ') || text.includes('\n#0 ') ? parsePhp : parseJava
    case 'go':
      return parseGo
    case 'ruby':
      return parseRuby
    default:
      return guessed(text)
  }
}

function guessed(text: string): Parse {
  if (text.includes('\n\tat ')) return parseJava
  if (text.includes('\n  File "') || text.startsWith('Traceback')) return parsePython
  if (text.includes('\n    at ')) return parseJavaScript
  if (text.includes('\n   at ')) return parseDotnet
  if (text.startsWith('goroutine ') || text.includes('\ngoroutine ')) return parseGo
  if (text.startsWith('#0 ') || text.includes('\n#0 ')) return parsePhp
  if (text.includes(":in '") || text.includes(':in `')) return parseRuby
  return () => emptyTrace()
}

const emptyTrace = (): Trace => ({ frames: [], truncated: 0, causes: [] })
const emptyCause = (type: string, message: string): Cause => ({ type, message, frames: [], truncated: 0 })

/** `type: message` */
function causeOf(head: string): Cause {
  const colon = head.indexOf(': ')
  if (colon >= 0) return emptyCause(head.slice(0, colon), head.slice(colon + 2))
  return emptyCause(head.endsWith(':') ? head.slice(0, -1) : head, '')
}

const numberAt = (text: string): number => {
  const number = Number.parseInt(text, 10)
  return Number.isSafeInteger(number) ? number : 0
}

// ---- java, and php as its SDK prints it:
//   head; "\tat " label "(" path [":" line] ")"; "\t... " count " more"; "Caused by: " type ": " message

function parseJava(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  let at: Trace | Cause = trace
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    // "Suppressed: …" and what belongs to it stand further in
    if (line.startsWith('\tat ')) {
      const frame = javaFrame(line)
      if (frame !== undefined) at.frames.push(frame)
    } else if (line.startsWith('\t... ')) at.truncated += numberAt(line.slice(5))
    else if (line.startsWith('Caused by: ')) {
      let head = line.slice('Caused by: '.length)
      // the message may have lines of its own
      while (i + 1 < lines.length && !lines[i + 1]!.startsWith('\t') && !lines[i + 1]!.startsWith('Caused by: '))
        head += lines[++i] === '' ? '' : `\n${lines[i]}`
      at = causeOf(head)
      trace.causes.push(at)
    }
  }
  return trace
}

function javaFrame(line: string): Frame | undefined {
  const open = line.indexOf('(')
  if (open < 0 || !line.endsWith(')')) return undefined
  const label = line.slice('\tat '.length, open)
  const place = line.slice(open + 1, -1)
  const colon = place.indexOf(':')
  return {
    // a class loader or a module stands before a slash
    label: label.slice(label.indexOf('/') + 1),
    path: colon < 0 ? place : place.slice(0, colon),
    line: colon < 0 ? 0 : numberAt(place.slice(colon + 1).trimStart()),
  }
}

// ---- python: outermost call first, the exception at the end, earlier exceptions before
//   `  File "` path `", line ` line `, in ` label

const CHAINED = [
  'During handling of the above exception, another exception occurred:',
  'The above exception was the direct cause of the following exception:',
]

function parsePython(lines: readonly string[]): Trace {
  const parts: (readonly string[])[] = []
  let from = 0
  for (const [i, line] of lines.entries())
    if (CHAINED.includes(line)) {
      parts.push(lines.slice(from, i))
      from = i + 1
    }
  const trace = emptyTrace()
  trace.frames.push(...pythonFrames(lines.slice(from)))
  for (const part of parts.reverse()) {
    const cause = causeOf(pythonHead(part))
    cause.frames.push(...pythonFrames(part))
    trace.causes.push(cause)
  }
  return trace
}

function pythonFrames(lines: readonly string[]): Frame[] {
  return lines.flatMap((line) => pythonFrame(line) ?? []).reverse()
}

function pythonFrame(line: string): Frame | undefined {
  if (!line.startsWith('  File "')) return undefined
  const end = line.indexOf('", line ')
  if (end < 0) return undefined
  const rest = line.slice(end + '", line '.length)
  const label = rest.indexOf(', in ')
  return {
    path: line.slice('  File "'.length, end),
    line: numberAt(rest),
    label: label < 0 ? '' : rest.slice(label + ', in '.length),
  }
}

/** Behind the last frame and its line of source: what is not indented. */
function pythonHead(lines: readonly string[]): string {
  let from = lines.length
  while (from > 0 && !lines[from - 1]!.startsWith('  ')) from--
  return lines.slice(from).join('\n').trim()
}

// ---- javascript: head; "    at " [label " ("] path ":" line ":" column [")"]

function parseJavaScript(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  for (const line of lines) {
    const text = line.trimStart()
    if (text.length === line.length || !text.startsWith('at ')) continue
    const frame = javaScriptFrame(text.slice('at '.length))
    if (frame !== undefined) trace.frames.push(frame)
  }
  return trace
}

function javaScriptFrame(text: string): Frame | undefined {
  const open = text.lastIndexOf(' (')
  const hasLabel = open >= 0 && text.endsWith(')')
  if (!hasLabel && text.includes('(')) return undefined
  const place = placeOf(hasLabel ? text.slice(open + 2, -1) : text)
  const label = hasLabel ? text.slice(0, open) : ''
  return place.path === '' && label === '' ? undefined : { ...place, label }
}

/** path ":" line ":" column */
function placeOf(text: string): { path: string; line: number } {
  const [rest, last] = beforeNumber(text)
  if (last === undefined) return { path: text === 'native code' ? 'native' : text, line: 0 }
  const [path, line] = beforeNumber(rest)
  return line === undefined ? { path: rest, line: last } : { path, line }
}

/** What stands before the last colon, and the number behind it. */
function beforeNumber(text: string): readonly [string, number | undefined] {
  const colon = text.lastIndexOf(':')
  const digits = text.slice(colon + 1)
  return colon > 0 && /^\d{1,9}$/.test(digits) ? [text.slice(0, colon), Number(digits)] : [text, undefined]
}

// ---- dotnet: type ": " message [" ---> " type ": " message …]; "   at " label [" in " path ":line " line];
//   "   --- End of inner exception stack trace ---" behind the frames of the innermost one

const END_OF_INNER = '--- End of inner exception stack trace ---'

function parseDotnet(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  const first = lines.findIndex((line) => line.trimStart().startsWith('at '))
  const head = lines.slice(0, first < 0 ? lines.length : first).join('\n')
  // the outermost exception is the one that the event tells
  const causes = head
    .split(/ ---> /)
    .slice(1)
    .map((text) => causeOf(text.replace(/^\s+/, '')))
  trace.causes.push(...causes)
  let behind = causes.length
  for (const line of lines.slice(Math.max(first, 0))) {
    const text = line.trim()
    if (text === END_OF_INNER) behind = Math.max(0, behind - 1)
    else if (text.startsWith('at ')) (behind === 0 ? trace : causes[behind - 1]!).frames.push(dotnetFrame(text))
  }
  return trace
}

function dotnetFrame(text: string): Frame {
  const place = text.indexOf(' in ')
  if (place < 0) return { label: text.slice('at '.length, text.lastIndexOf(')') + 1 || undefined), path: '', line: 0 }
  const label = text.slice('at '.length, place)
  const path = text.slice(place + ' in '.length)
  const colon = path.lastIndexOf(':')
  if (colon < 0) return { label, path, line: 0 }
  return { label, path: path.slice(0, colon), line: numberAt(path.slice(colon + 1).replace(/^line /, '')) }
}

// ---- php by itself: "#" number " " path "(" line "): " label

function parsePhp(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  for (const line of lines) {
    const match = /^#\d+ (.*)$/.exec(line)
    if (match === null) continue
    const rest = match[1]!
    const end = rest.indexOf('): ')
    const open = end < 0 ? -1 : rest.lastIndexOf('(', end)
    if (open >= 0)
      trace.frames.push({
        path: rest.slice(0, open),
        line: numberAt(rest.slice(open + 1, end)),
        label: rest.slice(end + 3),
      })
    else trace.frames.push({ path: '', line: 0, label: rest.replace(/^\[internal function\]: /, '') })
  }
  return trace
}

// ---- go: head; then pairs of lines: label, "\t" path ":" line [" +0x…"]; "goroutine … [running]:" stands before

function parseGo(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  for (let i = 1; i + 1 <= lines.length; i++) {
    const place = /^\s+(\S+):(\d{1,9})\b/.exec(lines[i]!)
    const label = lines[i - 1]!
    if (place === null || label.trim() === '' || label.startsWith('\t')) continue
    trace.frames.push({ path: place[1]!, line: Number(place[2]), label: label.trim() })
  }
  return trace
}

// ---- ruby: path ":" line ":in " quote label quote [": " message " (" type ")"], the first of them with the message;
//   further ones after "\tfrom " or each on its own line

function parseRuby(lines: readonly string[]): Trace {
  const trace = emptyTrace()
  let at: Trace | Cause = trace
  for (const [i, line] of lines.entries()) {
    const isFurther = line.startsWith('\tfrom ') || line.startsWith(' '.repeat(8))
    const text = isFurther ? line.trimStart().replace(/^from /, '') : line
    const frame = rubyFrame(text)
    if (frame === undefined) continue
    const cause = isFurther || i === 0 ? undefined : rubyCause(text)
    if (cause !== undefined && trace.frames.length > 0) {
      at = cause
      trace.causes.push(at)
    }
    at.frames.push(frame)
  }
  return trace
}

/** Another line with a message tells the exception behind. */
function rubyCause(text: string): Cause | undefined {
  const open = text.lastIndexOf(' (')
  const message = text.indexOf("': ")
  if (message < 0 || open < message || !text.endsWith(')')) return undefined
  return emptyCause(text.slice(open + 2, -1), text.slice(message + 3, open))
}

function rubyFrame(text: string): Frame | undefined {
  const open = text.indexOf(':in ')
  const [path, line] = beforeNumber(open < 0 ? text : text.slice(0, open))
  if (line === undefined) return undefined
  if (open < 0) return { path, line, label: '' }
  const from = open + ':in '.length + 1
  const end = text.indexOf("'", from)
  return { path, line, label: end < 0 ? text.slice(from) : text.slice(from, end) }
}
