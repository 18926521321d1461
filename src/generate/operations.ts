// What happens in the shop: requests, and the requests that they lead to.

export interface Operation {
  readonly service: string
  readonly method: string
  readonly route: string
  /** Of its own work, without what it calls. */
  readonly medianMs: number
  readonly query?: { readonly system: string; readonly name: string; readonly table: string; readonly medianMs: number }
  readonly calls?: readonly Operation[]
  readonly failure?: Failure
}

export interface Failure {
  readonly chance: number
  /** What it answers then. */
  readonly status: number
  readonly type: string
  readonly message: string
  /** How long it takes until then. */
  readonly medianMs: number
}

const RESERVE: Operation = {
  service: 'inventory',
  method: 'POST',
  route: '/reservations',
  medianMs: 6,
  query: { system: 'postgresql', name: 'UPDATE', table: 'stock', medianMs: 9 },
  failure: {
    chance: 0.012,
    status: 503,
    type: 'QueryTimeoutError',
    message: 'no answer from postgresql within 2000 ms',
    medianMs: 2000,
  },
}

const CHARGE: Operation = {
  service: 'payment',
  method: 'POST',
  route: '/charges',
  medianMs: 85,
  failure: { chance: 0.04, status: 402, type: 'CardDeclinedError', message: 'the card was declined', medianMs: 140 },
}

const PLACE_ORDER: Operation = {
  service: 'gateway',
  method: 'POST',
  route: '/api/orders',
  medianMs: 3,
  calls: [
    {
      service: 'order',
      method: 'POST',
      route: '/orders',
      medianMs: 8,
      query: { system: 'postgresql', name: 'INSERT', table: 'orders', medianMs: 7 },
      calls: [RESERVE, CHARGE, { service: 'shipping', method: 'POST', route: '/shipments', medianMs: 12 }],
    },
  ],
}

const ORDER_STATUS: Operation = {
  service: 'gateway',
  method: 'GET',
  route: '/api/orders/{id}',
  medianMs: 2,
  calls: [
    {
      service: 'order',
      method: 'GET',
      route: '/orders/{id}',
      medianMs: 3,
      query: { system: 'postgresql', name: 'SELECT', table: 'orders', medianMs: 4 },
    },
  ],
}

/** Shows a product: whoever else there is has something to add to the page. */
const showProduct = (others: readonly string[]): Operation => ({
  service: 'gateway',
  method: 'GET',
  route: '/api/products/{id}',
  medianMs: 2,
  calls: [
    {
      service: 'inventory',
      method: 'GET',
      route: '/stock/{sku}',
      medianMs: 3,
      query: { system: 'redis', name: 'GET', table: 'stock', medianMs: 1 },
    },
    ...others.map((service) => ({ service, method: 'GET', route: `/${service}s/{id}`, medianMs: 5 })),
  ],
})

const TOLD = ['gateway', 'order', 'payment', 'inventory', 'shipping']

/** With their weights; calls to services that are not there are left out. */
export function operationsOf(
  services: readonly string[],
): readonly (readonly [weight: number, operation: Operation])[] {
  const only = (operation: Operation): Operation => ({
    ...operation,
    calls: (operation.calls ?? []).filter(({ service }) => services.includes(service)).map(only),
  })
  const others = services.filter((name) => !TOLD.includes(name))
  return [
    [5, only(PLACE_ORDER)],
    [2, only(ORDER_STATUS)],
    [3, only(showProduct(others))],
  ]
}
