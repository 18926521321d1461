// `logGroupSettings`: what every exporter to log groups has.
import { type Changes, under } from './change.ts'

export const logGroupChanges: Changes = under(
  '',
  {
    log_retention: { value: 30, change: 'how long a new group keeps its events' },
    tags: { value: { team: 'shop' }, change: 'what a new group is tagged with' },
    kms_key_id: { value: 'arn:aws:kms:eu-west-1:1:key/x', change: 'what a new group is encrypted with' },
    log_group_class: { value: 'INFREQUENT_ACCESS', change: 'of which class a new group is' },
  },
  { heldBy: ['test/aws/logs/', 'test/exporters/awscloudwatchlogs/'] },
)
