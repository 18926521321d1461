// What scripts can rely on.

export const EXIT = {
  ok: 0,
  /** The agent did not start: a port in use, a file that cannot be read. */
  failed: 1,
  /** The command line or the config is wrong. */
  usage: 2,
  /** Stopped, and items were lost on the way; the last log line says how many. */
  lost: 3,
  /** A fault of the program itself. */
  internal: 70,
  /** Stopped at once by a second signal. */
  killed: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
