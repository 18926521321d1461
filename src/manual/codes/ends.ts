// Starts that failed, and ends with another exit code than 0.
import type { CodePage } from './code.ts'

/** What is wrong with a config has codes of its own (config/problem-code.ts). */
export type EndCode =
  | 'bad_command_line'
  | 'node_too_old'
  | 'port_in_use'
  | 'address_not_available'
  | 'listening_not_permitted'
  | 'host_not_found'
  | 'destination_unreachable'
  | 'file_unusable'
  | 'bad_tls_files'
  | 'too_many_open_files'
  | 'start_failed'
  | 'items_lost'
  | 'plugin_fault'
  | 'internal_fault'
  | 'memory_limit_unfit'

export const ENDS: Readonly<Record<EndCode, CodePage>> = {
  bad_command_line: {
    what: 'The command line is not one that `sluice` takes (exit code 2).',
    why: 'A typing error in a command or option, or a config that is named without `--config`.',
    fix: '`sluice help` lists the commands, `sluice help run` the options of one.',
  },
  node_too_old: {
    what: 'This Node is too old to run the agent (exit code 2).',
    why: 'The Node of the system is used, not the one that comes with the project or its image.',
    fix: 'Use `npx sluice` in a clone, or the container image; else install the version that the message names.',
  },
  port_in_use: {
    what: 'The agent did not start (exit code 1): a port or socket that it is to listen on is taken.',
    why: 'Another agent or collector runs already, a second receiver of the same config has the same endpoint, or the agent’s own metrics meet another program on 8888.',
    fix: 'Find the owner with `ss -ltnp`, and stop it, or choose another `endpoint`; for the own metrics another port under `service::telemetry::metrics`.',
  },
  address_not_available: {
    what: 'The agent did not start (exit code 1): an `endpoint` names an address that this machine does not have.',
    why: 'The address of another machine, or of the host where a container has its own.',
    fix: 'Listen on `0.0.0.0` in a container, on `localhost` for clients of the same machine, or on an address that `ip addr` shows.',
  },
  listening_not_permitted: {
    what: 'The agent did not start (exit code 1): it may not listen there.',
    why: 'A port below 1024 without the privilege, or a socket in a folder that its user may not write.',
    fix: 'Take a port above 1023 (and map it to the other one in front), give `CAP_NET_BIND_SERVICE`, or give the user the folder of the socket.',
  },
  host_not_found: {
    what: 'The agent did not start (exit code 1): a name has no address.',
    why: 'A typing error, or DNS that does not answer in this network or container.',
    fix: 'Try `getent hosts` with the name there; correct it, or the DNS of the network.',
  },
  destination_unreachable: {
    what: 'The agent did not start (exit code 1): something that it must ask first does not answer. Exporters do not need their destination for a start.',
    why: 'A token endpoint, an issuer of tokens or a metadata service that is down or behind a firewall.',
    fix: 'Try its URL with `curl` from the same machine; the message names the component that asked.',
  },
  file_unusable: {
    what: 'The agent did not start (exit code 1): a file or folder that a component needs cannot be read or written.',
    why: 'It is not there, its user may not use it, the file system is read-only (as in containers with `readOnlyRootFilesystem`) or full.',
    fix: 'Make the folder, or mount one that can be written; see with `ls -ld` as the user of the agent. The message has the path.',
  },
  bad_tls_files: {
    what: 'The agent did not start (exit code 1): a certificate, key or authority cannot be used.',
    why: 'The file is not there or may not be read, is no PEM, or the key is not that of the certificate.',
    fix: 'Correct the setting that the message names. `openssl x509 -in server.crt -noout -text` shows a certificate; the public keys of both (`openssl pkey -in server.key -pubout`, `openssl x509 -in server.crt -noout -pubkey`) must be the same.',
  },
  too_many_open_files: {
    what: 'The agent did not start (exit code 1): it may not open more files and sockets.',
    why: 'The limit of the process (`ulimit -n`) is low, or the machine’s is reached.',
    fix: 'Raise it: `LimitNOFILE=` in systemd, `ulimits` of the container.',
  },
  start_failed: {
    what: 'The agent did not start (exit code 1), for a reason that only the component knows.',
    why: 'The message says which component, and what it said.',
    fix: 'See the page of the component (`sluice explain` with its type); of a plugin, its author.',
  },
  items_lost: {
    what: 'The agent stopped, and items were lost on the way (exit code 3). The line says how many, and which components had them (`components`).',
    why: 'A destination did not take them before the time for stopping was over, or was down.',
    fix: 'Give more time (`--shutdown-timeout`, less than `stopTimeout` of ECS or `terminationGracePeriodSeconds`), and look why the exporter was behind.',
  },
  plugin_fault: {
    what: 'A plugin threw in a timer or listener of its own. The agent goes on, without what the plugin was about.',
    why: 'A mistake in the plugin; the line has the place.',
    fix: 'Tell its author, or catch the error there.',
  },
  memory_limit_unfit: {
    what: 'A warning at the start: the limit of a `memory_limiter` is more than the container has, or leaves nothing beside what the agent itself takes. Another one is used, which the line names.',
    why: '`limit_mib` was copied from a larger machine, or the container was made smaller.',
    fix: 'Set `limit_percentage: 80` in place of `limit_mib`, or give the container more memory.',
  },
  internal_fault: {
    what: 'A fault of the agent itself has ended it (exit code 70), so that it is started again.',
    why: 'A mistake of ours; the log has its place. When there is no such line and the exit code is 134 or 137, the memory was used up: V8, or the kernel, ends a process without asking it.',
    fix: 'Report it with the log line. For 134 and 137 add `memory_limiter` to the pipelines, or give the container more memory; the line `memory: limited` at the start says what there is.',
  },
}
