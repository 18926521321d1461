// Everything between a batch and a request that arrives: queue, batching behind it, retry, time limit, accounts.

export { askedMs } from './backoff.ts'
export { Burst } from './burst.ts'
export { type Deliveries, deliver, senderKeysOf } from './deliver.ts'
export { type Delivery, type Drop, isOutgoing, type Outgoing } from './delivery.ts'
export { Handover } from './handover.ts'
export { type Partition, partitionBy } from './partition.ts'
export { type BatchConfig, type DeliveryConfig, type DeliveryDefaults, deliverySettings } from './settings.ts'
export { Waiters } from './waiters.ts'
