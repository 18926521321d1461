// The testing kit, for our own components and as `sluice/testing` for plugins: time, sources, destinations, golden cases and the
// contract suite, for any test runner.
export { SIGNALS } from '../contract/index.ts'
export { FakeClock, settle } from './clock.ts'
export {
  type ContractCheck,
  type ContractConfig,
  type ContractOptions,
  type ContractScene,
  contract,
} from './contract.ts'
export { type DestinationAnswer, HttpDestination, type ReceivedRequest } from './destination.ts'
export { type Driven, drive, readConfig, type StartOptions, startComponent } from './drive.ts'
export { type GoldenCase, GoldenError, goldenCases, type Outcome, type OutcomeOptions, outcome } from './golden.ts'
export { type TrackedReads, trackReads } from './reads.ts'
export { openResources, resources } from './resources.ts'
export { type LoggedLine, type TestHost, type TestSettings, testHost, testSettings } from './settings.ts'
export { Sink, testContext } from './sink.ts'
export { type LogOf, logs, numbered, type PointOf, points, type SpanOf, spans } from './telemetry.ts'
