import { cpus } from 'node:os'
import type { Machine } from './machine.ts'

export interface Cpu {
  readonly vendorId: string
  readonly family: string
  readonly modelId: string
  readonly modelName: string
  readonly stepping: string
  /** In KiB. */
  readonly cacheSize: number
}

/** Of the first processor; undefined where nothing says. Outside of Linux only the name of the model is known. */
export async function firstCpu({ platform, readText }: Machine): Promise<Cpu | undefined> {
  if (platform !== 'linux') {
    const [first] = cpus()
    return first && { vendorId: '', family: '', modelId: '', modelName: first.model, stepping: '0', cacheSize: 0 }
  }
  const text = await readText('/proc/cpuinfo')
  const [first = ''] = text.split('\n\n')
  const fields = new Map(
    first.split('\n').flatMap((line) => {
      const match = /^([^\t:]+?)\s*:\s*(.*)$/.exec(line)
      return match === null ? [] : [[match[1]!.toLowerCase(), match[2]!.trim()] as const]
    }),
  )
  const field = (...names: readonly string[]): string => {
    for (const name of names) if (fields.has(name)) return fields.get(name)!
    return ''
  }
  return {
    vendorId: field('vendor_id', 'vendorid', 'cpu implementer'),
    family: field('cpu family', 'cpu architecture'),
    modelId: field('model', 'cpu part'),
    modelName: field('model name', 'cpu'),
    stepping: String(Number.parseInt(field('stepping', 'cpu revision'), 10) || 0),
    cacheSize: Number.parseInt(field('cache size'), 10) || 0,
  }
}
