// Every code that metrics, logs and complaints about a config carry, with what to do: docs/errors.md, `sluice explain queue_full`.
import { nearest } from '../config/index.ts'
import { ANSWERS } from './codes/answers.ts'
import type { CodePage, Codes } from './codes/code.ts'
import { CONFIG_PLAN } from './codes/config-plan.ts'
import { CONFIG_SETTINGS } from './codes/config-settings.ts'
import { CONFIG_TEXT } from './codes/config-text.ts'
import { CHANGED, DATA } from './codes/data.ts'
import { DELIVERY } from './codes/delivery.ts'
import { ENDS } from './codes/ends.ts'
import { LINES } from './codes/lines.ts'
import { REQUESTS } from './codes/requests.ts'

interface Group {
  readonly title: string
  readonly about: string
  readonly codes: Codes
}

const CONFIG = 'In brackets at the end of a line of `sluice validate`, and of `sluice run` when it does not start.'

export const CODE_GROUPS: readonly Group[] = [
  { title: 'Configs that cannot be read', about: CONFIG, codes: CONFIG_TEXT },
  { title: 'Components that do not fit together', about: CONFIG, codes: CONFIG_PLAN },
  { title: 'Settings that are not right', about: CONFIG, codes: CONFIG_SETTINGS },
  {
    title: 'Starts that fail, and ends',
    about:
      'The field `code` of the last log line when `sluice run` ends with another exit code than 0; in brackets where there is no log yet.',
    codes: ENDS,
  },
  {
    title: 'Data that could not be handed on',
    about:
      'Counted in `sluice_items_total` with `outcome="dropped"` when data was lost. What may work later is tried again before; the code is then in the log and in answers to senders.',
    codes: DELIVERY,
  },
  {
    title: 'What destinations answer',
    about: 'Counted in the same way when data was lost. The text of the destination is in the log.',
    codes: ANSWERS,
  },
  {
    title: 'Data that does not fit',
    about:
      'Single items that were left out, counted in `sluice_items_total` with `outcome="dropped"`; the others went on.',
    codes: DATA,
  },
  {
    title: 'Data that was changed',
    about: 'Nothing was lost; the log tells it once in a while.',
    codes: CHANGED,
  },
  {
    title: 'Requests and connections that were turned away',
    about:
      'Counted in `sluice_receiver_rejected_requests` and its like. Nothing of them was taken: a sender that tries again loses nothing.',
    codes: REQUESTS,
  },
  {
    title: 'Lines and datagrams that were turned away',
    about:
      'Counted in `sluice_receiver_rejected_lines`, `sluice_receiver_rejected_metrics` or `sluice_receiver_rejected_requests`. These protocols have no answers: the senders do not know.',
    codes: LINES,
  },
]

export interface KnownCode {
  /** As asked for. */
  readonly code: string
  readonly page: CodePage
  /** Of its group. */
  readonly title: string
}

/** The code itself, else the family that it is of. */
export function codeCalled(code: string): KnownCode | undefined {
  const family = FAMILIES.find(({ pattern }) => pattern.test(code))?.name
  for (const name of family === undefined ? [code] : [code, family])
    for (const { title, codes } of CODE_GROUPS)
      if (Object.hasOwn(codes, name)) return { code, page: codes[name]!, title }
  return undefined
}

const FAMILIES: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'http_<status>', pattern: /^http_\d{3}$/ },
  { name: 'grpc_<code>', pattern: /^grpc_[a-z_]+$/ },
  { name: 'rejected_<status>', pattern: /^rejected_\d{3}$/ },
  { name: 'document_<status>', pattern: /^document_\d{3}$/ },
]

export const nearestCode = (word: string): string | undefined =>
  nearest(
    word,
    CODE_GROUPS.flatMap(({ codes }) => Object.keys(codes)).filter((code) => !code.includes('<')),
  )

/** docs/errors.md */
export function errorsPage(): string {
  return `${[
    '<!-- Written by `npm run docs` from src/manual/codes: change that. -->',
    '# Codes',
    'What is wrong has a code: in brackets behind each problem of a config, and for every loss and every refusal as the label `reason` of a metric\nand the fields `reason` and `reasons` of a log line. Codes do not change, so that alerts and searches can be written with them.\n`sluice explain queue_full` shows the same in the terminal.',
    ...CODE_GROUPS.flatMap(({ title, about, codes }) => [`## ${title}`, about, ...Object.entries(codes).map(section)]),
  ].join('\n\n')}\n`
}

const section = ([code, { what, why, fix }]: [string, CodePage]): string =>
  `### \`${code}\`\n${what}\n- **Why:** ${why}\n- **What to do:** ${fix}`
