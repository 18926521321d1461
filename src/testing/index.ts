// For tests of components: time, settings and destinations under the test's control.
export { FakeClock, settle } from './clock.ts'
export { type TrackedReads, trackReads } from './reads.ts'
export { type LoggedLine, type TestHost, type TestSettings, testHost, testSettings } from './settings.ts'
export { Sink, testContext } from './sink.ts'
