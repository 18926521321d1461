// Who takes part in the shop.
import type { Random } from './random.ts'

/** Everything that a service writes has this as its resource. */
export interface Service {
  readonly name: string
  readonly resource: Readonly<Record<string, string>>
}

/** The first few tell the story; the others are looked at when a page is shown. */
const NAMES = [
  'gateway',
  'order',
  'payment',
  'inventory',
  'catalog',
  'shipping',
  'recommendation',
  'review',
  'currency',
  'advertising',
]
const LANGUAGES = ['nodejs', 'java', 'go', 'python'] as const

export function createServices(count: number, random: Random): Service[] {
  return Array.from({ length: count }, (_, index) => {
    const name = NAMES[index] ?? `service-${index + 1}`
    const host = `shop-${random.hex(6)}`
    return {
      name,
      resource: {
        'service.name': name,
        'service.namespace': 'shop',
        'service.version': `1.${random.int(20)}.${random.int(10)}`,
        'service.instance.id': `${name}-${random.hex(8)}`,
        'deployment.environment.name': 'demo',
        'host.name': host,
        'telemetry.sdk.language': LANGUAGES[index % LANGUAGES.length]!,
        'telemetry.sdk.name': 'opentelemetry',
      },
    }
  })
}
