// The examples and the exit codes in the help of each command.
import { helpTail } from './help.ts'

export const program = helpTail({
  examples: [
    ['sluice run --config configs/local.yaml', 'OTLP in, a Prometheus endpoint and files out'],
    ['sluice validate --config my.yaml', 'what is wrong with it, all at once'],
    ['sluice components otlp', 'what there is for OTLP'],
    ['sluice explain exporters.prometheus', 'all about a component, or one of its settings'],
    ['sluice schema --output sluice.schema.json', 'for the editor: completion, hints, mistakes underlined'],
    ['sluice generate --rate 50 --duration 20s', 'sample telemetry, to see something pass'],
    ['sluice new exporter my-exporter', 'a plugin of your own, with tests that pass'],
  ],
  notes: ['A config for the OpenTelemetry Collector (otelcol, ADOT) is a config for sluice.'],
})

export const run = helpTail({
  examples: [
    ['sluice run --config base.yaml --config production.yaml', 'the second over the first'],
    ['sluice run --config base.yaml --set exporters::debug::verbosity=detailed'],
    ['AOT_CONFIG_CONTENT="$(cat my.yaml)" sluice run', 'the config in a variable, as ECS task definitions have it'],
    ['sluice run --config my.yaml --plugin ./my-exporter.ts', 'with a plugin'],
  ],
  notes: [
    'Stopping: SIGTERM or SIGINT stops taking requests and delivers what is held, for at most 25 s (--shutdown-timeout, SLUICE_SHUTDOWN_TIMEOUT); a second one ends at once.',
    'Exit codes: 0 stopped, 1 did not start, 2 the config or command line is wrong, 3 stopped and items were lost, 70 a fault, 130 stopped at once.',
  ],
})

export const validate = helpTail({
  examples: [
    ['sluice validate --config otelcol.yaml', 'whether a config of the collector can run here'],
    ['sluice validate --config base.yaml --config production.yaml', 'both together, as run would have them'],
    ['sluice validate --offline --config my.yaml', 'where secrets cannot be had: in a build, on a laptop'],
  ],
  notes: ['Exit codes: 0 the config can run, 2 it cannot.'],
})

export const printConfig = helpTail({
  examples: [
    ['sluice print-config --config my.yaml', 'with variables and files put in'],
    ['sluice print-config --config base.yaml --config production.yaml > whole.yaml', 'two that are merged'],
  ],
  notes: ['Warnings go to standard error. Exit codes: 0, or 2 when the config cannot run.'],
})

export const components = helpTail({
  examples: [
    ['sluice components'],
    ['sluice components aws', 'whose names have aws in them'],
    ['sluice components --json --plugin ./my-exporter.ts', 'for other programs, a plugin included'],
  ],
  notes: ['Exit codes: 0, 1 no component has such a name, 2 the plugin cannot be loaded.'],
})

export const explain = helpTail({
  examples: [
    ['sluice explain', 'the sections of a config'],
    ['sluice explain exporters', 'the exporters that there are'],
    ['sluice explain prometheus', 'all about one; its kind where there are several of the name'],
    ['sluice explain exporters.prometheus.metric_expiration', 'one setting; :: and / do as well as dots'],
    ['sluice explain service.telemetry.metrics'],
    ['sluice explain queue_full', 'a code of a metric or a log line: why, and what to do'],
    ['sluice explain --plugin ./my-exporter.ts my_exporter'],
  ],
  notes: [
    'Exit codes: 0, 2 there is no such thing (what may have been meant is named), or the plugin cannot be loaded.',
  ],
})

export const schema = helpTail({
  about: [
    `An editor with a YAML language server completes and checks a config that begins with
  # yaml-language-server: $schema=./sluice.schema.json`,
  ],
  examples: [
    ['sluice schema --output sluice.schema.json'],
    ['sluice schema --plugin ./my-exporter.ts --output sluice.schema.json', 'with the components of a plugin'],
  ],
  notes: ['Exit codes: 0, 1 the file cannot be written, 2 the plugin cannot be loaded.'],
})

export const healthcheck = helpTail({
  about: [
    'With the options that the agent runs with, it reads from the config where the extension listens: endpoint, transport, path, TLS. Without any, and without AOT_CONFIG_CONTENT, it asks http://127.0.0.1:13133/.',
  ],
  examples: [
    ['sluice healthcheck --config /etc/sluice/config.yaml'],
    ['sluice healthcheck http://127.0.0.1:13133/health/detailed'],
  ],
  notes: [
    'Exit codes: 0 it is ready, 1 it is not, or does not answer, 2 the URL is none, or the config has no health_check.',
  ],
})
