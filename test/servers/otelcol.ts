// The OpenTelemetry Collector itself, for comparison. SLUICE_OTELCOL names its binary; without it such tests are skipped.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerProcess } from './process.ts'

export const otelcolPath: string | undefined = process.env.SLUICE_OTELCOL || undefined
export const skipWithoutOtelcol: string | false =
  otelcolPath === undefined && 'SLUICE_OTELCOL does not name an OpenTelemetry Collector'

/** Runs with that config (JSON is YAML) until `url` answers. */
export async function startOtelcol(config: object, url: string): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'otelcol-'))
  const path = join(folder, 'config.yaml')
  await writeFile(path, JSON.stringify(config))
  const server = await ServerProcess.start('otelcol', otelcolPath!, ['--config', path], url)
  return {
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true })
    },
  }
}
