// Segment documents of AWS X-Ray to spans: `attributes.ts` says what becomes what.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
import type { Builder, ResourceWriter } from '../../data/index.ts'
import { SegmentIndex } from './decode-index.ts'
import { ResourceDecoder } from './decode-resource.ts'
import { SpanDecoder } from './decode-span.ts'

/** One document after another; what it needs for that is kept from one to the next. */
export class SegmentDecoder {
  readonly #index = new SegmentIndex()
  readonly #resource = new ResourceDecoder(this.#index)
  readonly #span = new SpanDecoder(this.#index, this.#resource)
  readonly #writeResource = (resource: ResourceWriter): void => this.#resource.write(resource)

  /**
   * Adds the segment and each of its subsegments as a span, with their resource. Returns how many. Throws `MalformedError`
   * for what is no document, and then nothing is added. The bytes are read until it returns.
   */
  decode(bytes: Buffer, builder: Builder<'traces'>): number {
    const index = this.#index
    index.read(bytes)
    builder.resource(this.#writeResource)
    for (let segment = 0; segment < index.count; segment++) builder.add(this.#span.of(segment))
    return index.count
  }
}
