import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { named, oneOf, optional, required, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'

const rotation = section({
  max_megabytes: setting(
    integer(),
    100,
    'The size at which a file is rotated, in units of 1,048,576 bytes; 0 means 100.',
  ),
  max_days: setting(
    integer(),
    0,
    'How many days old files are kept, by the time in their names; 0 keeps them for ever.',
  ),
  max_backups: setting(integer(), 100, 'How many old files are kept; 0 keeps all.'),
  localtime: setting(flag, false, 'Name old files after local time instead of UTC.'),
})

const groupBy = section({
  enabled: setting(flag, false, 'Write a file for each value of a resource attribute.'),
  resource_attribute: setting(
    nonEmptyText,
    'fileexporter.path_segment',
    'The resource attribute whose value stands in for the `*` in `path`. Resources without it are dropped and counted.',
  ),
  max_open_files: setting(integer(1), 100, 'How many files are open at once; the one not used for longest is closed.'),
})

const permissions = v.pipe(
  v.string('must be an octal number in quotes, such as "0755"'),
  v.regex(/^0*[0-7]{1,3}$/, 'must be an octal number of permission bits, such as "0755"'),
  v.transform((text) => Number.parseInt(text, 8)),
)

const settings = section({
  path: required(nonEmptyText, 'The file, relative to the working directory. With `group_by` it has one `*`.'),
  append: setting(flag, false, 'Keep what the file has; otherwise it is emptied at the start. Not with `rotation`.'),
  rotation: named(rotation, 'Move a file that has reached a size out of the way. Such a file is always appended to.'),
  format: setting(
    oneOf(['json', 'proto']),
    'json',
    'OTLP as JSON, a line a batch, or as protobuf, each batch after its length.',
  ),
  encoding: optional(
    v.pipe(
      v.string(),
      v.check(
        () => false,
        coded('unsupported_setting', 'encoding extensions are not supported: use `format: json` or `format: proto`'),
      ),
    ),
    'An encoding extension. There is none yet, so this is refused.',
  ),
  compression: optional(
    oneOf(['', 'zstd']),
    'Compress each batch: `zstd`. A length then stands before it in either format.',
  ),
  compression_params: setting(
    section({
      level: setting(integer(0, 22), 0, 'The level of zstd, 1 to 22; 0 means 3.'),
    }),
    {},
    'How hard to compress.',
  ),
  flush_interval: setting(
    duration,
    '1s',
    'How often what has been written is forced to the disk; 0 means 1s. A batch is acknowledged once the operating system has it.',
  ),
  group_by: setting(groupBy, {}, 'Write to several files, by a resource attribute.'),
  create_directory: setting(flag, false, 'Make the directory of `path` when it is not there.'),
  directory_permissions: optional(
    permissions,
    'Permissions of directories that are made, in octal and less the umask: "0755" by default. Needs `create_directory`.',
  ),
  ...deliverySettings({ queueEnabled: false, retryEnabled: false, timeout: '0s' }),
})

export const config = v.pipe(
  settings,
  v.forward(
    v.check(({ append, rotation }) => !(append && rotation), 'cannot be combined with rotation, which appends anyway'),
    ['append'],
  ),
  v.forward(
    v.check(
      ({ create_directory, directory_permissions }) => create_directory || directory_permissions === undefined,
      'needs create_directory: true',
    ),
    ['directory_permissions'],
  ),
  v.forward(
    v.check(
      ({ path, group_by }) => !group_by.enabled || path.split('*').length === 2,
      'must have exactly one * with group_by',
    ),
    ['path'],
  ),
  v.forward(
    v.check(({ path, group_by }) => !group_by.enabled || !path.startsWith('*'), 'must not start with * with group_by'),
    ['path'],
  ),
)
export type FileConfig = v.InferOutput<typeof config>
