// Data that an exporter, a processor or a receiver could not hand on: the destination did not take it in time, or there was no room.
import type { Codes } from './code.ts'

export const DELIVERY: Codes = {
  queue_full: {
    what: 'The sending queue of an exporter has no room. The sender is told to come again; what cannot come again is lost.',
    why: 'The destination is down or slower than what comes in, for longer than `queue_size` bridges.',
    fix: 'Look at `otelcol_exporter_queue_size` and at why sending fails or is slow. Raise `sending_queue::queue_size` or `num_consumers`, or set `block_on_overflow` to let senders wait.',
  },
  larger_than_queue: {
    what: 'One batch is larger than the whole sending queue, so it never fits.',
    why: '`queue_size` counts items or bytes (`sizer`), and batches have more of them.',
    fix: 'Raise `sending_queue::queue_size`, or make batches smaller (`send_batch_max_size` of `batch`).',
  },
  max_elapsed_time: {
    what: 'A batch was tried again until `retry_on_failure::max_elapsed_time` was over, and then given up.',
    why: 'The destination was down, or refused, for that long.',
    fix: 'The log line names the last error: put that right. Raise `max_elapsed_time` (0 is for ever) where the destination may be away for longer.',
  },
  sender_left: {
    what: 'The sender of a request closed it while its data still waited to be delivered. It was told of no success.',
    why: 'Without a queue a request lasts as long as the delivery; the sender had less patience.',
    fix: 'Raise the time limit of the sender, or turn on `sending_queue`, which answers at once.',
  },
  shutdown: {
    what: 'The agent was stopping: it took nothing more, or what it still held could not be delivered in time.',
    why: 'It was restarted or scaled down while a destination was slow or away.',
    fix: 'Give it longer: raise `--shutdown-timeout` and what the platform allows before it kills. Senders that retry lose nothing of what was refused.',
  },
  timeout: {
    what: 'One attempt had no answer within `timeout` (of the proxies for AWS: within theirs). An exporter tries again.',
    why: 'The destination is overloaded, the network drops packets silently, or batches are too large for the line.',
    fix: 'Test the way to the destination from this machine. Raise `timeout`, or send smaller batches.',
  },
  stuck: {
    what: 'Too many earlier attempts have never ended, and nothing more is given to a component until they do.',
    why: 'A component, most often a plugin, ignores its abort signal or waits for something that does not come.',
    fix: 'See which one the message names. Restarting helps for the moment; a plugin has to end its call when it is aborted.',
  },
  backlog_full: {
    what: 'A receiver that collects by itself had kept what the pipeline refused, and dropped the oldest of it.',
    why: 'Exporters or a memory limiter have refused for a long time; nobody outside can be asked to send again.',
    fix: 'Find what refuses (the log names the first error). Collect less often, or give the exporter a queue.',
  },
  connection_error: {
    what: 'There was no connection to the destination, or it broke. It is tried again.',
    why: 'The name is not resolved, nothing listens there, TLS is not agreed on, or a firewall or proxy stands between.',
    fix: 'The message says which. Check `endpoint`, port and `tls`, and the proxy variables (`HTTPS_PROXY`, `NO_PROXY`).',
  },
  bad_response: {
    what: 'The destination answered something that cannot be read.',
    why: 'The endpoint is another service, or a proxy or login page answers in its place.',
    fix: 'Check `endpoint` with its path; ask it with `curl` and look at what comes back.',
  },
  response_too_large: {
    what: 'The answer of the destination was larger than any that it may give; it was not read to its end, and the data counts as lost.',
    why: 'The endpoint is another service, or a page for people is sent instead of an answer.',
    fix: 'Check `endpoint` and what stands between.',
  },
  too_large: {
    what: 'A request, or one item alone, is larger than is taken: by the destination, or by a receiver of this agent. An exporter sends halves first, and drops only what cannot be cut.',
    why: 'A batch or a single record is enormous, or a limit is lower than the data needs.',
    fix: 'Before an exporter: set `send_batch_max_size` of `batch`, or raise the limit of the destination. At a receiver: raise `max_request_body_size` or `max_recv_msg_size_mib`.',
  },
  rejected_by_destination: {
    what: 'The destination took a request, and said that it did not want some of its items.',
    why: 'They break a rule of its own: times too far off, names or sizes that it does not take.',
    fix: "The log has the destination's message. Change or filter such items before the exporter.",
  },
  partial_failure: {
    what: 'Some records of a request were not taken for now. Only those are sent again.',
    why: 'Throughput is above the quota of the stream, or the service had a failure of its own.',
    fix: 'When it lasts, ask for a higher quota, or spread the data over more streams.',
  },
  encode_error: {
    what: 'A batch could not be written in the format of the destination, and was dropped.',
    why: 'A bug in the exporter or the plugin: bad data has reasons of its own.',
    fix: 'Report it with the log line. Meanwhile a `filter` in front can keep the cause away.',
  },
  processor_error: {
    what: 'A processor threw while it changed a batch; the batch was dropped and its sender told so.',
    why: 'A bug in the processor or the plugin.',
    fix: 'The log names the processor. Take it out of the pipeline, and report it.',
  },
  unaccounted: {
    what: 'The requests that an exporter made of a batch carry fewer items than the batch; the missing ones are counted as lost.',
    why: 'A bug in an exporter, most often a plugin: items were left out without calling `drop`.',
    fix: 'Report it, or call `drop(items, reason)` in the plugin for what it leaves out.',
  },
  permanent_error: {
    what: 'Something failed in a way that would not pass, and gave no word of its own for it.',
    why: 'Often a plugin that throws `PermanentError` without a `reason`.',
    fix: 'Read the message in the log; give the error a `reason` in the plugin.',
  },
  retryable_error: {
    what: 'Something failed that may pass, until nobody tried again.',
    why: 'A `RetryableError` without a `reason`, often of a plugin, and retrying is off or was given up.',
    fix: 'Read the message in the log; turn on `retry_on_failure` where it is off.',
  },
  error: {
    what: 'Something failed that nobody had foreseen; it was treated as what may pass.',
    why: 'A bug, or an error of the system without a name here.',
    fix: 'Read the message in the log, and report it when it is not of your own plugin.',
  },
  other: {
    what: 'Data was dropped for more different reasons than are counted one by one.',
    why: 'A plugin makes its reasons from data.',
    fix: 'Let the plugin use a few constant words.',
  },
  refused: {
    what: 'A part of a remote write failed for an unexpected reason and was dropped.',
    why: 'An error that is neither an answer of the destination nor of the network.',
    fix: 'Read the message in the log, and report it.',
  },
  unknown: {
    what: 'A part of a remote write failed for an unexpected reason. It is sent again.',
    why: 'An error that is neither an answer of the destination nor of the network.',
    fix: 'Read the message in the log, and report it when it lasts.',
  },
  filtered: {
    what: 'A processor left items out, as its config asks.',
    why: 'The conditions of a `filter`, or of a plugin that filters, fit them.',
    fix: 'Nothing, when that is intended. Else look at `include` and `exclude`.',
  },
  label_value: {
    what: 'Points were left out by `delete_label_value` of `metrics_transform`, as its config asks.',
    why: 'Their label has the value that is named there.',
    fix: 'Nothing, when that is intended.',
  },
  memory_limit: {
    what: 'Data was refused, since the agent is near the limit of a `memory_limiter`, or without one near that of its container. Senders are asked to wait and come again.',
    why: 'More comes in than goes out, or queues hold much; or the limit is too low for the load.',
    fix: 'Find the slow exporter (`otelcol_exporter_queue_size`). Raise `limit_mib` together with the memory of the container, or send less. A line of the log says how much there is for data.',
  },
  metadata_cardinality: {
    what: 'The `batch` processor was to keep one more combination of metadata values than it may; the sender is asked to come again.',
    why: 'A key in `metadata_keys` has a different value for every request.',
    fix: 'Use only keys with few values, or raise `metadata_cardinality_limit`.',
  },
  wal: {
    what: 'The write-ahead log could not be written; the sender keeps the data and is asked to come again.',
    why: 'The disk is full or read-only, or the folder may not be written to.',
    fix: 'Make room, or put right the owner of `wal::directory`.',
  },
  wal_damaged: {
    what: 'Requests in the write-ahead log could not be read back, and are lost.',
    why: 'The file has been changed, damaged or deleted on the disk since they were accepted; the log names it, and the byte.',
    fix: 'Look after the disk (`dmesg`), and see that nothing else writes into the directory of `wal`, or cleans it up. What comes then goes into a new file.',
  },
  disk_full: {
    what: 'The disk, or the quota on it, is full. Writing is tried again.',
    why: 'Files grow faster than they are removed.',
    fix: 'Make room; limit the files with `rotation`.',
  },
  write_failed: {
    what: 'A file could not be written. It is tried again.',
    why: 'No permission, a folder that is gone, a device that fails.',
    fix: 'The message has the cause of the system; put right the path or its owner.',
  },
  write_error: {
    what: 'Standard output did not take what was written. It is tried again.',
    why: 'What reads the output of the agent has gone.',
    fix: 'Look at the log driver or the program behind the pipe.',
  },
  output_failed: {
    what: 'The `debug` exporter could not write, and dropped what it had to show.',
    why: 'The terminal, pipe or file of its output is gone or full.',
    fix: 'Look at what reads the output; take the exporter out where nobody does.',
  },
  path_escape: {
    what: 'A path made from data, or a link, leads out of the folder of the `file` exporter; nothing was written.',
    why: 'Somebody put a link there, or a resource attribute tries to reach other files.',
    fix: 'Remove the link; find who sends such an attribute.',
  },
  no_path_segment: {
    what: 'Items had no place among the files, and were dropped.',
    why: 'Their resource has not the attribute that `group_by::resource_attribute` names.',
    fix: 'Set it with a `resource` processor, or choose another attribute.',
  },
}
