// OTLP over gRPC, https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
import type { Consume, Consumers, Host, Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { headAuthentication } from '../../net/authentication.ts'
import { GrpcServer } from '../../net/grpc-server.ts'
import type { GrpcCall, GrpcMethod, GrpcTaker } from '../../net/grpc-server-call.ts'
import { metadataOf, NO_METADATA, RequestContext } from '../../net/request-context.ts'
import { Reservation } from '../../net/reservation.ts'
import { taken } from './answers.ts'
import type { OtlpGrpcConfig } from './config.ts'
import { type Asker, decodeRequest, hand } from './intake.ts'
import { signalNames, signals } from './signals.ts'

/** A server with a method for each signal that has a pipeline. */
export function createOtlpGrpc(
  config: OtlpGrpcConfig,
  settings: Settings,
  next: Consumers,
  host: Host,
  onRefused: (reason: string) => void,
): GrpcServer {
  const methods = new Map<string, GrpcMethod>()
  for (const signal of signals) {
    const consume = next[signal] as Consume | undefined
    if (consume === undefined) continue
    const desk: GrpcExport = { signal, consume, host, onRefused, includesMetadata: config.include_metadata }
    methods.set(signalNames[signal].grpcPath, (call) => new GrpcExchange(desk, call))
  }
  return new GrpcServer(config, settings, { methods, onRefused, authenticate: headAuthentication(host, config.auth) })
}

/** What all calls of a method share. */
interface GrpcExport {
  readonly signal: Signal
  readonly consume: Consume
  readonly host: Host
  readonly includesMetadata: boolean
  onRefused(reason: string): void
}

class GrpcExchange implements GrpcTaker, Asker {
  readonly #desk: GrpcExport
  readonly #call: GrpcCall
  readonly #reservation: Reservation
  #isConsuming = false

  constructor(desk: GrpcExport, call: GrpcCall) {
    this.#desk = desk
    this.#call = call
    this.#reservation = new Reservation(desk.host, desk.signal)
  }

  admitUpTo(sizeBytes: number): void {
    this.#reservation.growTo(sizeBytes)
  }

  onMessage(message: Buffer): void {
    const { signal, consume, includesMetadata } = this.#desk
    const batch = decodeRequest('protobuf', signal, message)
    if (batch.items === 0) return this.#call.succeed(taken.protobuf)
    const metadata = includesMetadata ? metadataOf(this.#call.headers) : NO_METADATA
    const context = new RequestContext(metadata, 'grpc', this.#call, this.#call.identity)
    this.#call.onDeadline(() => context.cancel())
    hand(batch, context, consume, 'protobuf', this)
    this.#isConsuming = true
  }

  onTaken(): void {
    this.#reservation.release()
    this.#call.succeed(taken.protobuf)
  }

  onPartlyTaken(response: Buffer): void {
    this.#reservation.release()
    this.#desk.onRefused('partial_success')
    this.#call.succeed(response)
  }

  onRefused(error: unknown): void {
    this.#reservation.release()
    this.#call.fail(error)
  }

  onSettled(): void {
    // A sender who gave up does not take its bytes with it: they are given back by whoever has the batch.
    if (!this.#isConsuming) this.#reservation.release()
  }
}
