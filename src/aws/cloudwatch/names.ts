// What CloudWatch takes as a namespace, as the name of a metric, as the name and the value of a dimension.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html and API_Dimension.html

/** Of one metric. */
export const MAX_DIMENSIONS = 30
/** In characters. */
const MAX_NAMESPACE = 255
const MAX_METRIC_NAME = 255
/** AWS's own library for the embedded format takes no more; the API takes 255. */
const MAX_DIMENSION_NAME = 250
const MAX_DIMENSION_VALUE = 1024

/** What a namespace may not have becomes `_`; "" when nothing is left. */
export function cleanNamespace(text: string): string {
  const fit = text
    .toWellFormed()
    .replaceAll(/[^A-Za-z0-9 ._#:/-]/g, '_')
    .replace(/^:+/, '')
    .slice(0, MAX_NAMESPACE)
  return /[A-Za-z0-9.#:/-]/.test(fit) ? fit : ''
}

/**
 * CloudWatch takes ASCII without control characters, so what is something else is written as in a URL: `%EC%B9%B4`.
 * "" when CloudWatch would take nothing of it. A long name is refused and not cut: two metrics would become one.
 */
export function cleanMetricName(text: string): string {
  const fit = toAscii(text)
  return fit.length > MAX_METRIC_NAME || fit.trim() === '' ? '' : fit
}

/** Likewise; a long one is cut, and a colon in front is written as in a URL. */
export function cleanDimensionName(text: string): string {
  const fit = toAscii(text.startsWith(':') ? text.replace(':', '%3A') : text).slice(0, MAX_DIMENSION_NAME)
  return fit.trim() === '' ? '' : fit
}

/** Likewise; a long one is cut. */
export function cleanDimensionValue(text: string): string {
  const fit = toAscii(text).slice(0, MAX_DIMENSION_VALUE)
  return fit.trim() === '' ? '' : fit
}

const toAscii = (text: string): string =>
  PLAIN.test(text) ? text : text.toWellFormed().replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent)

const PLAIN = /^[\x20-\x7e]*$/

/** CloudWatch takes values from -2^360 to 2^360. */
export const isCloudWatchValue = (value: number): boolean => value >= -MAX_VALUE && value <= MAX_VALUE
const MAX_VALUE = 2 ** 360
