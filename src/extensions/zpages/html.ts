// HTML from templates: what is put in is text and escaped, unless it is HTML of this module's making.

/** Finished HTML. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | readonly Html[]

export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, string, index) => text + textOf(parts[index - 1] ?? '') + string))

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return part.map(({ text }) => text).join('')
}

export const rows = (pairs: readonly (readonly [label: string, value: string | Html])[]): Html =>
  html`<table class="facts">${pairs.map(([label, value]) => html`<tr><th scope="row">${label}<td>${value}`)}</table>`
