// An explanation as lines for a terminal.
import { styleText } from 'node:util'
import type { Topic, TopicChild } from './explain.ts'
import { wrapped } from './wrap.ts'

export interface Screen {
  readonly columns: number
  readonly isColoured: boolean
}

export function terminalText(topic: Topic, screen: Screen): string {
  const { heading, name, dim, markdown } = stylesOf(screen)
  const title = name(topic.path === '' ? 'sluice' : topic.path)
  const blocks: string[] = [topic.kind === 'setting' ? title : `${title}  ${dim(topic.type)}`]
  const block = (title: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') blocks.push(`${heading(title)}\n${text}`)
  }
  if (topic.note !== undefined) blocks.push(markdown(topic.note, 2))
  blocks.push(markdown(topic.about, 2))
  block('Why', topic.why && markdown(topic.why, 2))
  block('What to do', topic.fix && markdown(topic.fix, 2))
  const facts = factsOf(topic)
  const width = Math.max(0, ...facts.map(([label]) => label.length))
  if (facts.length > 0)
    blocks.push(
      facts
        .map(([label, value]) => wrapped(value, screen.columns, `  ${dim(label.padEnd(width))}  `, width + 4))
        .join('\n'),
    )
  block('When to use it', topic.whenToUse && markdown(topic.whenToUse, 2))
  block('Example', topic.example && indented(topic.example.trimEnd(), 2))
  const { children } = topic
  const hasSections = topic.kind !== 'listing' && children.some(({ hasChildren }) => hasChildren)
  const legend = hasSections ? dim('  (+ has settings inside)') : ''
  block(
    `${titleOf(topic)}${legend}`,
    children.map((child) => childText(child, topic.kind !== 'listing', screen)).join('\n'),
  )
  block('Metrics', topic.metrics && markdown(topic.metrics, 2))
  block('Differences from the collector', topic.differences && markdown(topic.differences, 2))
  const [first] = children.filter(({ hasChildren }) => hasChildren)
  if (first !== undefined) {
    const path = topic.path === '' ? first.name : `${topic.path}.${first.name}`
    blocks.push(dim(`More: sluice explain ${path}`))
  }
  return `${blocks.join('\n\n')}\n`
}

function titleOf(topic: Topic): string {
  if (topic.path === '') return 'Sections'
  if (topic.kind === 'listing') return 'Types'
  return topic.type.startsWith('list of') ? 'Settings of each item' : 'Settings'
}

/** What has a default is not said to be optional. */
function factsOf(topic: Topic): [string, string][] {
  const { kind, type, isRequired, default: byDefault, allowed = [], otherNames, children } = topic
  const facts: [string, string][] = kind === 'setting' ? [['type', type]] : []
  if (byDefault !== undefined) facts.push(['default', byDefault])
  else if (isRequired) facts.push(['default', 'none: it must be given'])
  else if (kind === 'setting' && children.length === 0) facts.push(['default', 'none: it may be left out'])
  if (!allowed.every((word) => type.includes(word))) facts.push(['values', allowed.join(', ')])
  if (otherNames !== undefined) facts.push(['other names', otherNames.join(', ')])
  return facts
}

function childText(child: TopicChild, isSetting: boolean, screen: Screen): string {
  const { name, dim, inline } = stylesOf(screen)
  const facts = [
    child.type,
    ...(child.default === undefined ? [] : [`default ${child.default}`]),
    ...(child.isRequired ? ['required'] : []),
  ].join(', ')
  const more = child.hasChildren && isSetting ? ' +' : ''
  const length = child.name.length + more.length
  const short = facts.length > screen.columns - length - 6 ? `${facts.slice(0, screen.columns - length - 7)}…` : facts
  return `  ${name(child.name)}${more}  ${dim(short)}\n${wrapped(inline(child.about), screen.columns, '      ')}`
}

interface Styles {
  heading(text: string): string
  name(text: string): string
  dim(text: string): string
  /** Code, bold and links inside a line. */
  inline(text: string): string
  markdown(text: string, indent: number): string
}

function stylesOf({ columns, isColoured }: Screen): Styles {
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    isColoured ? styleText(format, text, { validateStream: false }) : text
  const inline = (text: string): string =>
    text
      .replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, '$1')
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, bold: string) => style('bold', bold))
      .replaceAll(/`([^`]+)`/g, (whole, code: string) => (isColoured ? style('cyan', code) : whole))
  return {
    heading: (text) => style('bold', text),
    name: (text) => style(['bold', 'cyan'], text),
    dim: (text) => style('dim', text),
    inline,
    markdown: (text, indent) => markdownText(text, ' '.repeat(indent), columns, inline),
  }
}

/** Paragraphs, points and tables are set anew for the width of the screen; code stays. */
function markdownText(text: string, indent: string, columns: number, inline: (text: string) => string): string {
  return blocksOf(text)
    .map((block) => {
      if (block.startsWith('```')) return indented(block.replaceAll(/^```.*\n?/gm, '').trimEnd(), indent.length + 2)
      if (block.startsWith('|')) return tableText(block, indent, columns, inline)
      return block
        .split(/\n(?=- )/)
        .map((part) => {
          const flowing = inline(part.replaceAll(/\s*\n\s*/g, ' '))
          return part.startsWith('- ')
            ? wrapped(flowing, columns, indent, indent.length + 2)
            : wrapped(flowing, columns, indent)
        })
        .join('\n')
    })
    .join('\n\n')
}

/** What blank lines part, but for those in code. */
function blocksOf(text: string): string[] {
  const blocks: string[][] = [[]]
  let isCode = false
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode
    const isStart = (line.startsWith('```') && isCode) || (line.startsWith('|') && !blocks.at(-1)![0]?.startsWith('|'))
    if (isStart && blocks.at(-1)!.length > 0) blocks.push([])
    if (line === '' && !isCode) blocks.push([])
    else blocks.at(-1)!.push(line)
  }
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
}

/** A row is its first cell, and below it the others. */
function tableText(table: string, indent: string, columns: number, inline: (text: string) => string): string {
  return table
    .split('\n')
    .slice(2)
    .map((row) => {
      const [first = '', ...others] = row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => inline(cell.trim().replaceAll('\\|', '|')))
      const rest = others.filter((cell) => cell !== '').join('; ')
      return `${indent}${first}\n${wrapped(rest, columns, `${indent}    `)}`
    })
    .join('\n')
}

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
