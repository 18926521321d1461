// What there is to say about a place in a config, or about a code.
import { nearest, pluginSettings, type Shape, serviceSettings, shapeOf } from '../config/index.ts'
import { type FormerSetting, formerSettings } from '../config/successors.ts'
import { type Catalog, type Entry, SECTIONS, type SectionName, signalsOf } from './catalog.ts'
import { SECTION_TEXTS } from './config-schema.ts'
import { codeCalled, type KnownCode, nearestCode } from './errors.ts'
import { exampleAt } from './example.ts'
import { DIFFERENCES, EXAMPLE, METRICS, partsOf, sectionCalled, WHEN, yamlIn } from './markdown.ts'
import { behind, firstStep, follow, type Lost, type Place, pathText } from './path.ts'
import { childrenOf, defaultText, inReadingOrder, rowsOf, typeText } from './words.ts'

export interface Topic {
  readonly path: string
  /** A listing is of sections, or of the types of a section. */
  readonly kind: 'listing' | 'component' | 'setting' | 'code'
  /** `exporter, beta; metrics` */
  readonly type: string
  /** Markdown. */
  readonly about: string
  readonly isRequired: boolean
  readonly default?: string
  readonly allowed?: readonly string[]
  readonly otherNames?: readonly string[]
  /** What was asked for is an older spelling of this. */
  readonly note?: string
  readonly whenToUse?: string
  /** Of a code: usual causes, and what to do. */
  readonly why?: string
  readonly fix?: string
  /** YAML. */
  readonly example?: string
  readonly children: readonly TopicChild[]
  readonly metrics?: string
  readonly differences?: string
}

export interface TopicChild {
  readonly name: string
  readonly type: string
  readonly about: string
  readonly isRequired: boolean
  readonly default?: string
  readonly hasChildren: boolean
}

/** There is no such place. */
export class UnknownPath extends Error {
  override readonly name = 'UnknownPath'
  /** Paths that may have been meant. */
  readonly suggestions: readonly string[]

  constructor(message: string, suggestions: readonly string[]) {
    super(message)
    this.suggestions = suggestions
  }
}

export interface Manual {
  readonly catalog: Catalog
  /** The reference page of a component; undefined where there is none (a plugin's). */
  pageOf(section: SectionName, type: string): string | undefined
}

/** Throws `UnknownPath`. */
export function explain(written: string, manual: Manual): Topic {
  const path = written.trim()
  if (path === '') return overview(manual)
  const service = behind(path, 'service')
  if (service !== undefined) return settingOf('service', service, shapeOf(serviceSettings), SERVICE_TEXT)
  const plugins = behind(path, 'plugins')
  if (plugins !== undefined) return settingOf('plugins', plugins, shapeOf(pluginSettings))
  for (const section of SECTIONS) {
    const rest = behind(path, section) ?? behind(path, section.slice(0, -1))
    if (rest === '') return sectionTopic(section, manual)
    if (rest !== undefined) return only(path, rest, candidates(rest, [section], manual), manual, section)
  }
  const found = candidates(path, SECTIONS, manual)
  const code = found.length === 0 ? codeCalled(path) : undefined
  return code === undefined ? only(path, path, found, manual) : codeTopic(code, manual)
}

const SERVICE_TEXT =
  'How the components are joined to pipelines, which extensions run, and what the agent tells of itself.'

function overview({ catalog }: Manual): Topic {
  const child = (name: string, type: string, about: string): TopicChild => ({
    name,
    type,
    about,
    isRequired: false,
    hasChildren: true,
  })
  return {
    path: '',
    kind: 'listing',
    type: 'config',
    about:
      'A config joins components to pipelines. `sluice explain exporters` lists those of a kind, `sluice explain otlp_http` tells all about one.',
    isRequired: false,
    children: [
      ...SECTIONS.map((section) => child(section, typesText(catalog[section]), SECTION_TEXTS[section])),
      child('service', 'section', SERVICE_TEXT),
      child('plugins', 'list of texts', shapeOf(pluginSettings).about ?? ''),
    ],
  }
}

const typesText = (entries: readonly Entry[]): string => `${entries.length} type${entries.length === 1 ? '' : 's'}`

function sectionTopic(section: SectionName, { catalog }: Manual): Topic {
  return {
    path: section,
    kind: 'listing',
    type: typesText(catalog[section]),
    about: SECTION_TEXTS[section],
    isRequired: false,
    children: catalog[section].map(({ factory }) => ({
      name: factory.type,
      type: [factory.stability, ...signalsOf(factory)].join(', '),
      about: factory.summary,
      isRequired: false,
      hasChildren: true,
    })),
  }
}

function codeTopic({ code, page: { what, why, fix }, title }: KnownCode, { catalog }: Manual): Topic {
  const [setting] = SECTIONS.flatMap((one) => catalog[one].flatMap((entry) => settingsCalled(code, one, entry)))
  return {
    path: code,
    kind: 'code',
    type: title,
    ...(setting !== undefined && { note: `This is the code. Settings are called so, too, such as \`${setting}\`.` }),
    about: what,
    isRequired: false,
    why,
    fix,
    children: [],
  }
}

interface Candidate {
  readonly section: SectionName
  readonly entry: Entry
  /** As written. */
  readonly name: string
  readonly rest: string
  /** What may be a name of the user's own: `eu` of `otlp_http/eu`. */
  readonly ownName?: string
}

/** Where all steps are parted by `/` a kind in front says that the rest are settings. */
function candidates(path: string, sections: readonly SectionName[], { catalog }: Manual): Candidate[] {
  const mayBeNamed = sections.length > 1 || /[.:]/.test(path)
  return sections.flatMap((section) =>
    catalog[section].flatMap((entry) =>
      entry.names.flatMap(({ name }) => {
        const rest = behind(path, name)
        if (rest === undefined) return []
        const isNamed = mayBeNamed && path[name.length] === '/'
        return [{ section, entry, name, rest, ...(isNamed && { ownName: firstStep(rest) }) }]
      }),
    ),
  )
}

/** The one that is meant: of several, the one that has such a setting. */
function only(path: string, rest: string, found: readonly Candidate[], manual: Manual, section?: SectionName): Topic {
  if (found.length === 0) throw unknownComponent(rest, manual, section)
  const places = found.map((candidate) => ({ candidate, place: placeOf(candidate) }))
  const there = places.filter((one): one is typeof one & { place: Found } => !('unknown' in one.place))
  if (there.length === 1) return componentTopic(there[0]!.candidate, there[0]!.place, manual)
  if (there.length > 1)
    throw new UnknownPath(
      `${path} is more than one thing`,
      there.map(({ candidate, place }) => pathText([candidate.section, candidate.name, ...place.steps])),
    )
  const { candidate, place } = places[0]!
  if (!('unknown' in place)) throw new Error('unreachable')
  const at = pathText([candidate.section, candidate.name, ...place.reached.steps])
  const names = childrenOf(place.reached.shape).map(({ step }) => step)
  if (names.length === 0) throw new UnknownPath(`there is nothing inside of ${at}`, [at])
  const near =
    place.nearest === undefined
      ? settingsCalled(place.unknown, candidate.section, candidate.entry)
      : [`${at}.${place.nearest}`]
  throw new UnknownPath(`there is no ${place.unknown} in ${at}`, near.length > 0 ? near : [at])
}

function unknownComponent(rest: string, { catalog }: Manual, section?: SectionName): UnknownPath {
  const word = firstStep(rest)
  const sections = section === undefined ? SECTIONS : [section]
  const settings = sections.flatMap((one) => catalog[one].flatMap((entry) => settingsCalled(word, one, entry)))
  if (settings.length > 0)
    return new UnknownPath(`${word} is no component but a setting`, settings.slice(0, MAX_SUGGESTIONS))
  const all = sections.flatMap((one) => catalog[one].flatMap(({ names }) => names.map(({ name }) => ({ one, name }))))
  const meant = nearest(
    word,
    all.map(({ name }) => name),
  )
  const code = section === undefined && word === rest ? nearestCode(word) : undefined
  if (meant === undefined && code !== undefined) return new UnknownPath(`there is no code ${word}`, [code])
  if (meant === undefined)
    return section === undefined
      ? new UnknownPath(`there is no ${word} in a config`, [...SECTIONS, 'service', 'plugins'])
      : new UnknownPath(`there is no ${section.slice(0, -1)} ${word}`, [section])
  return new UnknownPath(`there is no ${section === undefined ? 'component' : section.slice(0, -1)} ${word}`, [
    ...all.filter(({ name }) => name === meant).map(({ one }) => `${one}.${meant}${rest.slice(word.length)}`),
    ...(code === undefined ? [] : [code]),
  ])
}

const MAX_SUGGESTIONS = 8

/** Where in a component there is a setting of that name. */
const settingsCalled = (name: string, section: SectionName, { factory }: Entry): string[] =>
  rowsOf(shapeOf(factory.config))
    .filter(({ path }) => path === name || path.endsWith(`.${name}`))
    .map(({ path }) => `${section}.${factory.type}.${path}`)

interface Found extends Place {
  readonly note?: string
}

function placeOf(candidate: Candidate): Found | Lost {
  const { section, entry, name, rest } = candidate
  const start: Place = { steps: [], shape: shapeOf(entry.factory.config) }
  const place = follow(rest, start)
  if (!('unknown' in place)) return place
  for (const former of formerSettings(section, name)) {
    if (!['.', '::', '/'].some((separator) => former.from.join(separator) === rest)) continue
    const successor = follow(former.to?.join('.') ?? '', start)
    const note = formerNote(former)
    if (!('unknown' in successor)) return { ...successor, note }
  }
  // `otlp_http/eu.endpoint`: a name of the user's own stands behind the type.
  const own = candidate.ownName === undefined ? undefined : behind(rest, candidate.ownName)
  const behindOwn = own === undefined ? undefined : follow(own, start)
  return behindOwn !== undefined && !('unknown' in behindOwn) ? behindOwn : place
}

function formerNote({ from, to, isSameValue }: FormerSetting): string {
  const [old, successor] = [from.join('.'), to?.join('.')]
  if (successor === undefined) return `\`${old}\` has no effect any more.`
  return `\`${old}\` ${isSameValue ? 'is called' : 'has given way to'} \`${successor}\`${isSameValue ? ' now' : ''}.`
}

function componentTopic({ section, entry, name }: Candidate, place: Found, { pageOf }: Manual): Topic {
  const { factory, names } = entry
  const page = pageOf(section, factory.type)
  const parts = page === undefined ? undefined : partsOf(page)
  const example = parts && yamlIn(sectionCalled(parts, EXAMPLE) ?? '')
  const differences = parts && sectionCalled(parts, DIFFERENCES)
  const old = names.find((one) => one.name === name)?.isOld
    ? `\`${name}\` is an older name of \`${factory.type}\`.`
    : undefined
  const note = [old, place.note].filter((text) => text !== undefined).join(' ')
  const common = { ...(note !== '' && { note }), isRequired: false }
  const full = pathText([section, factory.type, ...place.steps])
  if (place.steps.length > 0) {
    const about = differencesAbout(place.steps, differences)
    return {
      ...settingTopic(full, place.shape),
      ...(note !== '' && { note }),
      example: exampleAt([section, factory.type, ...place.steps], place.shape, example),
      ...(about !== undefined && { differences: about }),
    }
  }
  const signals = signalsOf(factory)
  const others = names.filter((one) => one.name !== factory.type).map((one) => one.name)
  const whenToUse = parts && sectionCalled(parts, WHEN)
  const metrics = parts && sectionCalled(parts, METRICS)
  return {
    ...common,
    path: full,
    kind: 'component',
    type: `${factory.kind}, ${factory.stability}${signals.length > 0 ? `; ${signals.join(', ')}` : ''}`,
    about: introOf(parts?.intro) ?? factory.summary,
    ...(others.length > 0 && { otherNames: others }),
    ...(whenToUse !== undefined && { whenToUse }),
    ...(example !== undefined && { example: example.replace(/^# yaml-language-server.*\n/, '') }),
    children: childTopics(place.shape),
    ...(metrics !== undefined && { metrics }),
    ...(differences !== undefined && { differences }),
  }
}

/** Without the table of facts behind it. */
const introOf = (intro: string | undefined): string | undefined => intro?.replace(/\n\n\| \| \|[\s\S]*$/, '')

function settingOf(root: string, rest: string, shape: Shape, about?: string): Topic {
  const place = follow(rest, { steps: [], shape })
  if ('unknown' in place) {
    const at = pathText([root, ...place.reached.steps])
    const near = place.nearest === undefined ? at : `${at}.${place.nearest}`
    throw new UnknownPath(`there is no ${place.unknown} in ${at}`, [near])
  }
  const topic = settingTopic(pathText([root, ...place.steps]), place.shape)
  const isRoot = place.steps.length === 0
  return {
    ...topic,
    ...(isRoot && about !== undefined && { about }),
    example: exampleAt([root, ...place.steps], place.shape, SERVICE_EXAMPLE),
  }
}

const SERVICE_EXAMPLE = `
plugins: [./my-exporter.ts]
service:
  extensions: [health_check]
  telemetry:
    logs: { level: info, encoding: json }
    metrics:
      level: normal
      readers:
        - pull: { exporter: { prometheus: { host: localhost, port: 8888 } } }
    traces:
      processors:
        - batch: { exporter: { otlp: { endpoint: http://localhost:4318 } } }
    resource: { deployment.environment.name: production }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp_http]
`

function settingTopic(path: string, shape: Shape): Topic {
  const byDefault = defaultText(shape)
  const allowed = shape.allowed ?? shape.of()?.allowed
  return {
    path,
    kind: 'setting',
    type: typeText(shape),
    about: shape.about ?? 'One of them.',
    isRequired: shape.about !== undefined && !shape.isOptional,
    ...(byDefault !== undefined && { default: byDefault }),
    ...(allowed !== undefined && { allowed: allowed.map((word) => (word === '' ? '""' : String(word))) }),
    children: childTopics(shape),
  }
}

function childTopics(shape: Shape): TopicChild[] {
  const [only] = childrenOf(shape)
  // Of a list and of a mapping the settings of its items are what matters.
  if (only !== undefined && (only.step === '[]' || only.step === '<name>')) return childTopics(only.shape)
  return inReadingOrder(childrenOf(shape)).map(({ step, shape: inner }) => {
    const byDefault = defaultText(inner)
    return {
      name: step,
      type: typeText(inner),
      about: inner.about ?? '',
      isRequired: !inner.isOptional,
      ...(byDefault !== undefined && { default: byDefault }),
      hasChildren: childrenOf(inner).length > 0,
    }
  })
}

/** The points that name a setting. */
function differencesAbout(steps: readonly string[], differences: string | undefined): string | undefined {
  const names = steps.filter((step) => step !== '[]' && step !== '<name>')
  const name = names.at(-1)!
  const isTelling = names.length === 1 || name.includes('_')
  const wanted = isTelling ? name : names.slice(-2).join('::')
  const points = differences?.split(/\n(?=- )/).filter((point) => point.startsWith('- ')) ?? []
  const pattern = new RegExp(String.raw`\`[^\`]*\b${wanted.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}\b[^\`]*\``)
  const found = points.filter((point) => pattern.test(point))
  return found.length === 0 ? undefined : found.join('\n')
}
