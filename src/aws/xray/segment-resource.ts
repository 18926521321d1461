// What a resource gives to the documents of its spans: worked out once, then copied as bytes.
import { KnownAttributes, type Resource } from '../../data/index.ts'
import { JsonWriter, nestedJsonLiteral } from '../../wire/json.ts'
import { keptCopy } from '../../wire/kept.ts'
import { resource as names } from './attributes.ts'
import { annotationKey, isAnnotatable, writeAnnotationValue } from './segment-annotation.ts'
import { ResourceBlocks } from './segment-blocks.ts'
import { MAX_ANNOTATION_KEY_LENGTH } from './segment-limits.ts'

/** Of all documents of a resource. */
export interface ResourcePart {
  /** As the name of a segment, in a nested document. */
  readonly serviceName: Buffer | undefined
  /** `telemetry.sdk.language`. */
  readonly language: string
  /** `"AWS::ECS::Container"`, in a nested document. */
  readonly origin: Buffer | undefined
  readonly arn: Buffer | undefined
  /** False when it runs in another cloud: then there is no block `aws`. */
  readonly isAws: boolean
  /** `"account_id":…` */
  readonly account: Buffer | undefined
  /** Members of `aws`: `"ec2":{…},"xray":{…}`. */
  readonly blocks: Buffer
  /** `"aws":{…}`, where nothing else is told: of account and blocks. */
  readonly aws: Buffer
  /** `"service":{…}` */
  readonly service: Buffer | undefined
  /** Each attribute, for documents that have the resource. */
  readonly members: readonly ResourceMember[]
  /** All of them as metadata, in a row. */
  readonly metadata: Buffer
  /** Whether some of them are annotations by the config. */
  readonly hasAnnotations: boolean
  /** Those that did not come from a document, likewise: what processors have added on the way. */
  readonly foreignMetadata: Buffer
}

/** An attribute of the resource as a member of the document, under `otel.resource.<key>`. */
export interface ResourceMember {
  readonly key: string
  readonly isForeign: boolean
  /** By the config. */
  readonly isIndexed: boolean
  /** `"key":value`; undefined when it cannot be one. */
  readonly annotation: Buffer | undefined
  /** The annotation is not all of it. */
  readonly isCut: boolean
  readonly metadata: Buffer
}

export interface ResourceOptions {
  readonly logGroups: readonly string[]
  /** Keys that are annotations, `otel.resource.…` among them. */
  readonly indexed: ReadonlySet<string>
  readonly indexAll: boolean
}

/** At most so many resources are remembered, and so much of them on the wire. */
const MAX_PARTS = 256
const MAX_KEPT_BYTES = 1 << 20
const PREFIX = 'otel.resource.'

export class ResourceParts {
  readonly #options: ResourceOptions
  readonly #blocks: ResourceBlocks
  readonly #known = new KnownAttributes([])
  readonly #json = new JsonWriter(4096, { isNested: true })
  readonly #parts = new Map<string, ResourcePart>()
  #keptBytes = 0

  constructor(options: ResourceOptions) {
    this.#options = options
    this.#blocks = new ResourceBlocks(options.logGroups)
  }

  of(resource: Resource): ResourcePart {
    const key = resource.attributes.wireKey()
    let part = this.#parts.get(key)
    if (part === undefined) {
      part = this.#make(resource)
      this.#keptBytes += key.length
      if (this.#parts.size === MAX_PARTS || this.#keptBytes > MAX_KEPT_BYTES) {
        this.#parts.clear()
        this.#keptBytes = key.length
      }
      if (key.length <= MAX_KEPT_BYTES) this.#parts.set(key, part)
    }
    return part
  }

  /** After a batch: nothing of it is held. */
  close(): void {
    this.#known.close()
    this.#blocks.close()
  }

  /** The blocks of the resource that a returned document asks for. */
  get blocks(): ResourceBlocks {
    return this.#blocks
  }

  #make(resource: Resource): ResourcePart {
    const members = this.#members(resource)
    return {
      ...this.#blocks.partOf(resource),
      members,
      metadata: this.#joined(members),
      hasAnnotations: members.some(({ isIndexed }) => isIndexed),
      foreignMetadata: this.#joined(members.filter(({ isForeign }) => isForeign)),
    }
  }

  #members(resource: Resource): ResourceMember[] {
    const known = this.#known
    known.open(resource.attributes)
    const { indexed, indexAll } = this.#options
    return Array.from({ length: known.count }, (_, index) => {
      const name = known.key(index)
      const key = PREFIX + name
      const isCandidate = isAnnotatable(known, index) && key.length <= MAX_ANNOTATION_KEY_LENGTH
      let isCut = false
      const annotation = isCandidate
        ? this.#written((json) => {
            json.keyText(annotationKey(key))
            isCut = !writeAnnotationValue(known, index, json)
          })
        : undefined
      return {
        key,
        isForeign: !ownNames.has(name),
        isIndexed: isCandidate && (indexAll || indexed.has(key)),
        annotation,
        isCut,
        metadata: this.#written((json) => {
          json.keyText(key)
          known.writeValue(index, json)
        }),
      }
    })
  }

  #joined(members: readonly ResourceMember[]): Buffer {
    return this.#written((json) => {
      for (const { metadata } of members) json.json(metadata)
    })
  }

  #written(write: (json: JsonWriter) => void): Buffer {
    this.#json.clear()
    write(this.#json)
    return this.#json.take()
  }
}

/** What documents give to resources. */
const ownNames: ReadonlySet<string> = new Set(Object.values(names))

/** The document's own text for a value that is known beforehand. */
export const quoted = (text: string): Buffer => keptCopy(nestedJsonLiteral(JSON.stringify(text)))
