// Names of log groups and log streams, made fit for AWS.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html and API_CreateLogStream.html
import { MAX_NAME_LENGTH } from './limits.ts'

/** Where events go whose template gives no name at all. */
export const DEFAULT_GROUP = '/default'
export const DEFAULT_STREAM = 'default'

const NO_GROUP_CHARACTER = /[^.\-_/#A-Za-z0-9]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is after
const NO_STREAM_CHARACTER = /[:*\u0000-\u001f\u007f]/g

/** What a group may not be called becomes `_`; a name of nothing else becomes the default. */
export const cleanGroupName = (name: string): string => clean(name, NO_GROUP_CHARACTER, DEFAULT_GROUP)
/** Likewise for streams, which may have any character but `:` and `*`. */
export const cleanStreamName = (name: string): string => clean(name, NO_STREAM_CHARACTER, DEFAULT_STREAM)

function clean(name: string, unfit: RegExp, byDefault: string): string {
  const fit = name.toWellFormed().replace(unfit, '_')
  if (/^_*$/.test(fit) && fit !== name) return byDefault
  if (fit === '') return byDefault
  return fit.length <= MAX_NAME_LENGTH ? fit : fit.slice(0, MAX_NAME_LENGTH).toWellFormed()
}
