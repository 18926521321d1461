import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The package as it would be published, unpacked where no library of ours is in reach. */
export function unpacked(folder: string): string {
  const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder, '--json'], {
    encoding: 'utf8',
  })
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
  spawnSync('tar', ['-xzf', join(folder, filename), '-C', folder])
  return join(folder, 'package')
}
