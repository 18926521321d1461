// Settings that are not right.
import type { SettingProblem } from '../../config/problem-code.ts'
import type { CodePage } from './code.ts'

export const CONFIG_SETTINGS: Readonly<Record<SettingProblem, CodePage>> = {
  unknown_key: {
    what: 'A component has no setting of that name.',
    why: 'A typing error, an indentation that has moved it into another section, or a setting of another component or version.',
    fix: 'The hint names what was probably meant. `sluice explain exporters.otlp_http` lists the settings; an editor completes them with the JSON Schema of `sluice schema`.',
  },
  missing_setting: {
    what: 'A setting that must be given is not there, or is empty.',
    why: 'It has no sensible default, such as where to send to, or another setting needs it.',
    fix: 'Add it; the message names it. When it comes from a variable, see that the variable is set.',
  },
  wrong_type: {
    what: 'A value is of another kind than the setting takes: a text for a number, a list for a mapping.',
    why: 'Quotes round a number or `true`, a dash too many or too few, a colon without a blank behind it.',
    fix: 'Write it as the message says; `sluice explain` with the path of the setting has an example.',
  },
  out_of_range: {
    what: 'A number is too small or too large, or a list too long.',
    why: 'Another unit than the setting counts in, or a limit of the destination.',
    fix: 'Take a value between the bounds that the message names; `sluice explain` with the path of the setting has its unit and default.',
  },
  unknown_choice: {
    what: 'A setting takes one of a few words, and this is none of them.',
    why: 'A typing error, or a word of another version or component.',
    fix: 'Take one of those that the message lists.',
  },
  invalid_setting: {
    what: 'A value has the right type, and the component cannot work with it.',
    why: 'It breaks a rule that the message states: a name that AWS does not take, bounds that do not ascend.',
    fix: 'Change the value as the message says.',
  },
  conflicting_settings: {
    what: 'Settings that contradict one another, or are of no use together.',
    why: 'Two ways to say the same, or one that only works with another value of a second one.',
    fix: 'Keep one of those that the message names, or change the other.',
  },
  unsupported_setting: {
    what: 'A setting of the Collector that this agent does not have. It is refused: without it the agent would do something else than the config says.',
    why: 'The config was written for the Collector and uses, for example, a queue on disk or conditions in OTTL.',
    fix: 'Take the line out, or do as the message proposes; docs/differences.md and docs/from-otelcol.md list what differs.',
  },
  deprecated_name: {
    what: 'A warning: a setting or component has another name or place now. It is taken as that.',
    why: 'The config is from an older collector.',
    fix: 'Write it as the warning says; `sluice print-config` prints the whole config in its present form.',
  },
  no_effect: {
    what: 'A warning: a setting changes nothing any more.',
    why: 'What it was for is gone, or the newer setting beside it counts.',
    fix: 'Take it out.',
  },
  bad_duration: {
    what: 'A value is no span of time.',
    why: 'The unit is missing or is not known (`5 sec`, `1d`), or the value is negative.',
    fix: 'Write a number with a unit: `200ms`, `5s`, `1m30s`, `24h`.',
  },
  missing_unit: {
    what: 'A warning: a span of time is a bare number, which counts nanoseconds, as in the Collector.',
    why: 'Seconds were meant.',
    fix: 'Add the unit: `5s`.',
  },
  bad_size: {
    what: 'A value is no size.',
    why: 'An unknown unit, or a number that is negative or not whole.',
    fix: 'Write bytes, or a number with a unit: `1048576`, `512KiB`, `20MiB`.',
  },
  bad_endpoint: {
    what: 'A value is no address to listen on or to connect to.',
    why: 'The port is missing, a scheme stands in front, an IPv6 address has no brackets, or a path does not fit the transport.',
    fix: 'Write `host:port` (`0.0.0.0:4317`, `[::1]:4317`) or `unix:///run/x.sock`.',
  },
  bad_url: {
    what: 'A value is no URL that can be used here.',
    why: 'The scheme is missing or another one, there is a blank in it, or a user and password.',
    fix: 'Write the whole of it, such as `https://collector.example:4318`.',
  },
  secret_in_url: {
    what: 'A warning: a URL has a user or password in it, which ends up in logs of servers and proxies.',
    why: 'Copied from a place where that is usual.',
    fix: 'Use `headers` or `auth` (an extension such as `basicauth`), with the secret from `${env:…}` or a secret store.',
  },
  metadata_address: {
    what: 'A warning: the destination is an address where clouds hand out credentials.',
    why: 'A typing error, or somebody else has written the config.',
    fix: 'Send telemetry elsewhere, and ask where that line comes from.',
  },
  unfit_header: {
    what: 'The name or value of a header is one that HTTP or the agent does not allow.',
    why: 'A blank in the name, a line break that `${file:…}` has read at the end of the file, or a header that the client sets itself.',
    fix: 'Correct the name; write the file without the last line break (`printf` in place of `echo`); leave out `Content-Length` and the like.',
  },
  bad_pattern: {
    what: 'A regular expression cannot be read.',
    why: 'A bracket that is not closed, something that RE2 (the spelling of Go) does not have, or backslashes in double quotes.',
    fix: 'Put it in single quotes; look-ahead and back references do not exist in RE2.',
  },
}
