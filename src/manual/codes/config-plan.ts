// Components, pipelines and plugins that do not fit together.
import type { PlanProblem } from '../../config/problem-code.ts'
import type { CodePage } from './code.ts'

export const CONFIG_PLAN: Readonly<Record<PlanProblem, CodePage>> = {
  unknown_section: {
    what: 'There is no such section at the top of a config, or in `service`.',
    why: 'A typing error (`exporter:` for `exporters:`), or an indentation that has moved a component to the left.',
    fix: 'The sections are `receivers`, `processors`, `exporters`, `connectors`, `extensions`, `service` and `plugins`; see `sluice explain service` for those of `service`.',
  },
  unknown_component: {
    what: 'There is no component of that type.',
    why: 'A typing error, another kind (an exporter under `processors`), a component of another collector, or a plugin that is not named.',
    fix: '`sluice components` lists those that there are. Bring one of your own with `--plugin ./my-exporter.ts` or `plugins:`.',
  },
  bad_id: {
    what: 'An id is none.',
    why: 'It is empty, begins with a digit, or has a blank or a symbol in it.',
    fix: 'Write a type, or `type/name`: `otlp_http`, `otlp_http/eu-1`.',
  },
  duplicate_id: {
    what: 'Two components, or two pipelines, have the same id.',
    why: 'Ids that differ by blanks only, two spellings of a pipeline, or a connector called like a receiver or exporter.',
    fix: 'Give one of them a name: `forward/second`.',
  },
  undefined_component: {
    what: 'A pipeline, `service::extensions` or the command names a component that is not configured.',
    why: 'A typing error, or its settings were left out; a component with defaults only still needs its line: `debug:`.',
    fix: 'Add it to the section of its kind, or correct the name; what was probably meant stands in the hint.',
  },
  unused_component: {
    what: 'A warning: a component is configured and nothing uses it, so it does not run.',
    why: 'It was not added to a pipeline, or (an extension) not to `service::extensions`.',
    fix: 'Name it there, or take it out.',
  },
  extension_not_running: {
    what: 'A setting names an extension that does not run.',
    why: 'It is configured and not named in `service::extensions`, or the id has a typing error.',
    fix: 'Add its id to `service::extensions`.',
  },
  repeated_component: {
    what: 'A pipeline has the same component twice. Of a processor that is an error; anything else counts once.',
    why: 'A line was copied.',
    fix: 'Take one out, or configure a second one with settings of its own: `attributes/second`.',
  },
  incomplete_pipeline: {
    what: 'There is no pipeline, or one without a receiver or an exporter.',
    why: '`service::pipelines` was forgotten, or a list in it is empty.',
    fix: 'Write for example `service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`.',
  },
  unknown_signal: {
    what: 'The name of a pipeline does not say which signal it is of.',
    why: 'A typing error (`trace`, `metric`), a free name, or `profiles`, which are not carried.',
    fix: 'Begin it with `traces`, `metrics` or `logs`; a name of your own stands behind a slash: `logs/audit`.',
  },
  wrong_signal: {
    what: 'A component is in a pipeline of a signal that it does not know.',
    why: 'For example a metrics-only exporter in a pipeline of logs.',
    fix: 'Take it out there; `sluice components` shows the signals of each. A connector can make one signal of another.',
  },
  lone_connector: {
    what: 'A connector is only the end, or only the beginning, of pipelines.',
    why: 'The second pipeline is missing, or lists it on the wrong side.',
    fix: 'Name it under `exporters` of the pipeline that feeds it, and under `receivers` of the one that it feeds.',
  },
  pipeline_cycle: {
    what: 'Pipelines feed one another in a circle: data would go round for ever.',
    why: 'Connectors lead back to a pipeline that they come from.',
    fix: 'Take a connector out of one of the pipelines in the circle that the message shows.',
  },
  component_not_made: {
    what: 'A component refused to be made of its settings.',
    why: 'The message says it. Of a plugin it may also be a mistake: `create` that throws, or returns nothing.',
    fix: 'Correct the settings that the message names; of a plugin see docs/plugins.md, and test it with `sluice/testing`.',
  },
  plugin_not_found: {
    what: 'There is no file or package of that name.',
    why: 'A relative path (those of `--plugin` start in the working directory, those in a config at its folder), or a package that is not installed.',
    fix: 'Name a file with `./` in front, or install the package beside the config.',
  },
  plugin_not_loaded: {
    what: 'A plugin is there, and failed when it was loaded.',
    why: 'A mistake in it, a package that it needs and that is missing, TypeScript that is more than types, or a top-level await that never ends.',
    fix: 'The message has the place. `node --check` tells about syntax; install missing packages beside the plugin.',
  },
  plugin_without_component: {
    what: 'A plugin was loaded, and brings no component, or one that is not whole.',
    why: 'The factory is not exported, or a member is missing or wrong; the message has each, and what would be right.',
    fix: "Export what `defineExporter` (and its like) of 'sluice/plugin' returns: `export default defineExporter({…})`.",
  },
  type_taken: {
    what: 'A plugin brings a type that there is already: nobody would know which one runs.',
    why: 'The name of a built-in component, or the same plugin named twice under two paths.',
    fix: 'Give the type in the plugin another name.',
  },
}
