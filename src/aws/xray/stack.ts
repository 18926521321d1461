// The stack of an exception of a segment document as the text that `exception.stacktrace` holds, and back. It looks as Java
// prints it, which backends know how to show whatever the language:
//
//   stack = type ": " message, then for each frame "\n\tat " label "(" path [":" line] ")"

/** A frame of `cause.exceptions[].stack`. */
export interface Frame {
  readonly path?: string
  readonly line?: number
  readonly label?: string
}

export function stackText(type: string, message: string, frames: readonly Frame[]): string {
  let text = headOf(type, message)
  for (const { path = '', line, label = '' } of frames)
    text += `${FRAME}${label}(${path}${line === undefined ? '' : `:${line}`})`
  return text
}

const headOf = (type: string, message: string): string => `${type}: ${message}`
const FRAME = '\n\tat '

/** What `stackText` was made of; undefined when something in it is no frame. */
export function parseStack(text: string, type: string, message: string): Frame[] | undefined {
  const head = headOf(type, message)
  const at = text.startsWith(head) ? head.length : text.indexOf(FRAME)
  if (at < 0 || at === text.length) return []
  const frames: Frame[] = []
  for (const line of text.slice(at + 1).split('\n')) {
    const frame = parseFrame(line)
    if (frame === undefined) return undefined
    frames.push(frame)
  }
  return frames
}

const FRAME_LINE = /^\tat (.*)\(([^(]*?)(?::(-?\d{1,15}))?\)$/

function parseFrame(text: string): Frame | undefined {
  const [, label = '', path = '', line] = FRAME_LINE.exec(text) ?? []
  if (label === '' && path === '' && line === undefined && text !== '\tat ()') return undefined
  return {
    ...(path !== '' && { path }),
    ...(line !== undefined && { line: Number(line) }),
    ...(label !== '' && { label }),
  }
}

/** Whether `stackText` says all about them: no text is empty, none looks like the punctuation around it. */
export function stackIsExact(type: string, message: string, frames: readonly Frame[]): boolean {
  const parsed = parseStack(stackText(type, message, frames), type, message)
  return (
    parsed?.length === frames.length &&
    frames.every(({ path, line, label }, i) => {
      const found = parsed[i]!
      return found.path === path && Object.is(found.line, line) && found.label === label
    })
  )
}
