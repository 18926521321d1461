// The configuration language: pieces of schemas, and how a config is loaded and checked.

export { ChangedSources, type SourceChanges } from './changed-sources.ts'
export { type Checked, checkSchema, problemAt } from './check.ts'
export { coded } from './coded.ts'
export { type ComponentId, componentId, extensionId, formatComponentId, parseComponentId } from './component-id.ts'
export { concealProblem } from './echo.ts'
export { type Endpoint, endpoint, parseEndpoint, parseHttpUrl, url } from './endpoint.ts'
export { headers } from './headers.ts'
export { knownSecrets } from './known-secrets.ts'
export { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts'
export { nearest } from './nearest.ts'
export type { PipelineConfig } from './pipelines.ts'
export { type PluginConfig, pluginSettings, readPlugins } from './plugins.ts'
export { printConfig, redact, type SchemaAt } from './print.ts'
export { ConfigError, formatPath, formatProblems, inOrder, type Problem } from './problem.ts'
export type { ProblemCode } from './problem-code.ts'
export { checkReferences } from './references.ts'
export { isRemote, type Remote } from './retrieve.ts'
export * from './schema.ts'
export {
  type ComponentConfig,
  type KnownComponents,
  parseService,
  type ServiceConfig,
  serviceSettings,
} from './service.ts'
export { isText, type Kind, type Shape, shapeOf } from './shape.ts'
export type { Location } from './source.ts'
export * from './telemetry.ts'
export type { ResourceAttributes } from './telemetry-resource.ts'
export type { ConfigObject, ConfigValue, Path } from './tree.ts'
export * from './values.ts'
