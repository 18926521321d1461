// Configs that cannot be read: their sources, their YAML, and what stands for something else in them.
import type { TextProblem } from '../../config/problem-code.ts'
import type { CodePage } from './code.ts'

export const CONFIG_TEXT: Readonly<Record<TextProblem, CodePage>> = {
  no_config: {
    what: 'The command was given no config.',
    why: '`--config` was left out, or the variable that was to hold the config is empty.',
    fix: 'Add `--config my.yaml`, or put the YAML itself into `AOT_CONFIG_CONTENT`. The folder configs of the project has some to begin with.',
  },
  bad_assignment: {
    what: 'A `--set` is not of the form `key=value`.',
    why: 'The `=` is missing, there are two dots or colons too many, or the shell has cut the text at a blank.',
    fix: 'Write `--set processors::batch::timeout=2s`, in quotes where the value has blanks.',
  },
  ignored_source: {
    what: 'A warning: `AOT_CONFIG_CONTENT` is set, so what `--config` names is not read.',
    why: 'An image or a task definition sets the variable.',
    fix: 'Unset the variable, or leave `--config` away.',
  },
  file_not_found: {
    what: 'A file that the command line or a `${file:…}` names is not there.',
    why: 'A typing error, or a relative path: those start in the folder where the agent was started. In a container the volume may not be mounted.',
    fix: 'Give the whole path, and look with `ls -l` as the user (and in the container) that the agent runs as.',
  },
  file_unreadable: {
    what: 'A file of the config is there and cannot be read as text.',
    why: 'The user of the agent may not read it, it is a folder, or it is not in UTF-8.',
    fix: 'Give the user the right to read it (`chmod`, or the mode and owner of the mounted secret), or save it as UTF-8.',
  },
  source_unreachable: {
    what: 'A part of the config lies on another machine, and could not be had from there.',
    why: 'No way through the network, a server that answers with an error, a region that nobody has said, or `--offline`.',
    fix: 'Try the same from that machine with `curl`; in AWS see the region (`AWS_REGION`), the VPC endpoint and the security group. `sluice validate --offline` checks everything else.',
  },
  config_too_large: {
    what: 'The config has more in it than any config: bytes, levels, values or references.',
    why: 'Another file was given in place of the config, or aliases and references multiply one another.',
    fix: 'See that it is the right file; write values out that aliases or references repeat.',
  },
  not_a_config: {
    what: 'The text is YAML, but not a mapping from sections to components.',
    why: 'Another file was given, or a variable has the path of the config in place of its text.',
    fix: 'A config begins with keys such as `receivers:`, `exporters:` and `service:`.',
  },
  yaml_syntax: {
    what: 'The text is no YAML.',
    why: 'A colon without a blank behind it, a quote or a brace that is never closed, or a key without a colon.',
    fix: 'Look at the line that is shown, and at the one above it; an editor that knows YAML shows the same place.',
  },
  bad_indentation: {
    what: 'Lines of the YAML do not stand under one another as they must.',
    why: 'Tabs, lines pasted from elsewhere, or an item that is one blank too far to the left or right.',
    fix: 'Indent with spaces only; the keys of one mapping stand in the same column, and so do the dashes of a list.',
  },
  needs_quotes: {
    what: 'A value has characters that mean something in YAML.',
    why: 'It begins with `{`, `[`, `*`, `@` or a percent sign, has a colon with a blank behind it, or is a `${…}` inside of braces.',
    fix: 'Put the value in quotes: `"{PodName}"`. In single quotes backslashes are left alone, which regular expressions need.',
  },
  duplicate_key: {
    what: 'A key is in the same mapping twice. YAML forbids it, since one of the two would be lost without a word.',
    why: 'A block was pasted a second time, such as a second `receivers:` or a second `batch:`.',
    fix: 'Put what belongs together under one of the two, or give the second component a name: `batch/second`.',
  },
  bad_alias: {
    what: 'An alias (`*name`) or a merge (`<<`) has nothing that it could stand for.',
    why: 'The anchor (`&name`) is missing, stands below, or contains the alias; or a value that begins with `*` has no quotes.',
    fix: 'Put the anchor above its first use, or the value in quotes.',
  },
  unsupported_yaml: {
    what: 'Something that YAML has and a config has not: tags, keys that are no texts, a second document.',
    why: 'A file made for another program, or several files joined by `---`.',
    fix: 'Leave the tag out; give several documents as several files, each with a `--config` of its own: they are merged.',
  },
  unset_variable: {
    what: 'A warning: an environment variable that the config names is not set, and counts as empty.',
    why: 'It is set in your shell and not for the service, or its name has a typing error.',
    fix: 'Set it (`environment` of the task, `env` of the container, `Environment=` of systemd), or give a default: `${env:NAME:-default}`.',
  },
  bare_variable: {
    what: 'A warning: `$NAME` is taken as it stands, though there is a variable of that name.',
    why: 'Older collectors replaced it.',
    fix: 'Write `${env:NAME}`; for a dollar sign that is one, `$$NAME`.',
  },
  bad_reference: {
    what: 'A `${…}` cannot be followed: its scheme or name is none, or what it names is not of the form that it needs.',
    why: 'A typing error, a shell expression such as `${NAME%x}`, a reference in another without its own braces, or a `#key` of a secret that is no JSON.',
    fix: 'Write `${env:NAME}`, `${file:/path}`, `${secretsmanager:name#key}` or `${ssm:/name}`; for a literal `${` write `$${`.',
  },
  reference_cycle: {
    what: 'References lead back to themselves.',
    why: 'A variable or file has a `${…}` that names, perhaps by way of others, that variable or file.',
    fix: 'Give one of those in the circle a plain value.',
  },
  secret_not_found: {
    what: 'Secrets Manager, SSM or S3 has nothing of that name, or the secret has no such key.',
    why: 'Another region or account, a typing error, a version that is gone, a secret that is marked for deletion, or a key that the JSON does not have.',
    fix: 'Look with `aws secretsmanager describe-secret` or `aws ssm get-parameter` in the region that the message names; the keys that are there stand in the hint.',
  },
  secret_access_denied: {
    what: 'AWS does not let the agent read or decrypt a secret.',
    why: 'The policy of its role lacks the action, or the KMS key is not allowed to it.',
    fix: 'Allow the action that the message names on that ARN, and `kms:Decrypt` where a key of your own encrypts it. See which role it is with `aws sts get-caller-identity`.',
  },
  credentials_not_found: {
    what: 'There are no AWS credentials, or AWS does not accept them.',
    why: 'No role on the task, pod or instance; a profile that is not there; keys that have expired; an instance whose metadata has a hop limit of 1.',
    fix: 'Give the task a role (or set the environment variables or `profile`). On EC2 with containers set the hop limit of IMDS to 2.',
  },
}
