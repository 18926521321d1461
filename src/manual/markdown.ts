// Pages in parts, by their headings; code is left alone.

export interface Section {
  readonly heading: string
  readonly text: string
}

export interface Parts {
  /** What stands in front of the first heading of the second level, without the title. */
  readonly intro: string
  readonly sections: readonly Section[]
}

export function partsOf(markdown: string): Parts {
  const sections: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }]
  let isCode = false
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode
    const heading = isCode ? undefined : /^## (.*)$/.exec(line)?.[1]
    if (heading !== undefined) sections.push({ heading, lines: [] })
    else if (isCode || !/^(# |<!--)/.test(line)) sections.at(-1)!.lines.push(line)
  }
  const [intro, ...rest] = sections.map(({ heading, lines }) => ({ heading, text: lines.join('\n').trim() }))
  return { intro: intro!.text, sections: rest }
}

export const sectionCalled = ({ sections }: Parts, heading: RegExp): string | undefined =>
  sections.find((section) => heading.test(section.heading))?.text

export const WHEN = /^When to use it$/
export const EXAMPLE = /^Example$/
export const METRICS = /^Metrics$/
export const DIFFERENCES = /^(What differs|Differences)/

/** The first block of YAML in a text. */
export const yamlIn = (text: string): string | undefined => /^```yaml\n(.*?)^```$/ms.exec(`${text}\n`)?.[1]
