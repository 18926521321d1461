// What a running agent says about its items, read from its own metrics endpoint as a user would.
import { setTimeout as sleep } from 'node:timers/promises'

export interface OwnAccount {
  readonly entered: number
  readonly created: number
  readonly out: number
  readonly merged: number
  readonly refused: number
  readonly dropped: Readonly<Record<string, number>>
  readonly inFlight: number
}

/** By kind, id and signal: `exporter otlp_http/slow traces`. */
export type OwnAccounts = ReadonlyMap<string, OwnAccount>

/** To be put where a config has `service:`. */
export const OWN_METRICS =
  'telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}'

const LINE = /^(sluice_items_total|sluice_items_in_flight)\{(.*)\} (\S+)$/

/** One scrape: every account at the same moment. Who scrapes until something is so leaves the processor to the agent meanwhile. */
export async function ownAccounts(agent: { endpoints(label: string): string[] }): Promise<OwnAccounts> {
  await sleep(5)
  const response = await fetch(agent.endpoints('own metrics')[0]!)
  const page = await response.text()
  const accounts = new Map<string, Record<string, number> & { dropped: Record<string, number> }>()
  for (const line of page.split('\n')) {
    const match = LINE.exec(line)
    if (match === null) continue
    const [, name, labelText, value] = match
    const labels = Object.fromEntries([...labelText!.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]))
    const key = `${labels.kind} ${labels.component} ${labels.signal}`
    let account = accounts.get(key)
    if (account === undefined) {
      const none = { entered: 0, created: 0, out: 0, merged: 0, refused: 0, inFlight: 0 }
      account = Object.assign(none, { dropped: {} as Record<string, number> }) as never
      accounts.set(key, account!)
    }
    const items = Number(value)
    if (name === 'sluice_items_in_flight') account!.inFlight! += items
    else if (labels.outcome === 'dropped') account!.dropped[labels.reason!] = items
    else account![labels.outcome!]! += items
  }
  return accounts as unknown as OwnAccounts
}

/**
 * What is wrong with the accounts of one moment; empty when they add up. `edges` say who feeds whom: what has left the one
 * has entered the other, and what has entered the other and not yet left the one is still held by the one.
 */
export function contradictions(
  accounts: OwnAccounts,
  edges: readonly (readonly [from: string, to: string])[] = [],
): string[] {
  const wrong: string[] = []
  for (const [name, account] of accounts) {
    const gone = account.out + account.merged + account.refused + droppedOf(account)
    if (account.inFlight < 0) wrong.push(`${name}: ${account.inFlight} in flight`)
    if (account.entered + account.created !== gone + account.inFlight)
      wrong.push(`${name}: ${account.entered} + ${account.created} are not ${gone} + ${account.inFlight}`)
  }
  for (const [from, to] of edges) {
    const giver = accounts.get(from)
    const taker = accounts.get(to)
    if (giver === undefined || taker === undefined) continue
    const taken = taker.entered - taker.refused
    if (taken < giver.out || taken > giver.out + giver.inFlight)
      wrong.push(`${to} has taken ${taken}; ${from} has given ${giver.out} and holds ${giver.inFlight}`)
  }
  return wrong
}

export const droppedOf = ({ dropped }: OwnAccount): number =>
  Object.values(dropped).reduce((sum, items) => sum + items, 0)
