// Which bucket and prefix each resource goes to.
import { type AnyVisitor, type Batch, keyOf } from '../../data/index.ts'

export interface Part {
  /** Empty where no attribute says so: what is configured is meant. */
  readonly bucket: string
  readonly prefix: string
  readonly batch: Batch
}

/** Parts of a batch by two resource attributes; either name may be empty. The batch itself when nothing divides it. */
export function createRoute(names: {
  readonly s3_bucket: string
  readonly s3_prefix: string
}): (batch: Batch) => Part[] {
  if (names.s3_bucket === '' && names.s3_prefix === '') return (batch) => [{ bucket: '', prefix: '', batch }]
  const [bucketKey, prefixKey] = [names.s3_bucket, names.s3_prefix].map((name) =>
    name === '' ? undefined : keyOf(name),
  )
  return (batch) => {
    const parts = new Map<string, { bucket: string; prefix: string; positions: number[] }>()
    let current: number[] = []
    let position = 0
    const onItem = (): void => void current.push(position++)
    const visitor: AnyVisitor = {
      onResource({ attributes }) {
        const bucket = (bucketKey && attributes.getString(bucketKey)) ?? ''
        const prefix = (prefixKey && attributes.getString(prefixKey)) ?? ''
        const key = `${bucket}\0${prefix}`
        const part = parts.get(key) ?? { bucket, prefix, positions: [] }
        parts.set(key, part)
        current = part.positions
      },
      onSpan: onItem,
      onLog: onItem,
      onPoint: onItem,
    }
    batch.visit(visitor)
    return [...parts.values()]
      .filter(({ positions }) => positions.length > 0)
      .map(({ bucket, prefix, positions }) => ({
        bucket,
        prefix,
        batch: positions.length === batch.items ? batch : batch.select(positions),
      }))
  }
}
