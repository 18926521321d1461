// What is said about points that are in no event, and about labels that had to change.
import { Losses, pointLossTexts } from '../../aws/cloudwatch/losses.ts'
import type { Settings } from '../../contract/index.ts'
import type { LabelNote } from './labels.ts'
import type { Loss } from './translate.ts'

export const createLosses = (settings: Settings): Losses<Loss, LabelNote> =>
  new Losses(settings, 'data lost: points that are in no event', lossTexts, noteTexts)

const lossTexts: Readonly<Record<Loss, string | undefined>> = {
  ...pointLossTexts,
  event_too_large: 'labels and value take more than the 1 MiB that a log event may have',
  invalid_name: 'the name of a metric has 1 to 255 characters',
  name_collision: 'a label has the name of the metric, or the format does: rename one of them',
  no_measurement: undefined,
}

const noteTexts: Readonly<Record<LabelNote, string>> = {
  no_json: 'a label of parse_json_encoded_attr_values is no JSON: it stays a text',
  reserved_label: 'a label has a name that the format needs: it is left out',
  too_many_dimensions: 'points have more labels than CloudWatch takes dimensions: the last in the alphabet are none',
  unfilled_dimensions:
    'points fit a metric declaration, but their labels fill none of its sets of dimensions: CloudWatch makes no metric of them',
  unfit_dimension: 'names or values of labels are not what CloudWatch takes as a dimension: they are written otherwise',
}
