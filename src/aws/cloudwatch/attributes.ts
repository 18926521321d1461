// What metrics of CloudWatch have and OpenTelemetry has no place for, as attributes: who takes such metrics in writes them,
// who sends them to CloudWatch reads them.

/** Of a resource: the namespace of its metrics. */
export const NAMESPACE = 'aws.emf.namespace'
/** Of a point: 1 or 60, in seconds. */
export const STORAGE_RESOLUTION = 'aws.emf.storage_resolution'
/**
 * Of an exemplar: how often the point has met its value; once when it does not say. When these make up the count of the
 * point, its exemplars are all the values that it has.
 */
export const VALUE_COUNT = 'aws.emf.count'
