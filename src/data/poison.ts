// Debug mode for authors of plugins and for tests.

/** Whether the debug mode is on. */
export let poisoning = false

/** Debug mode: every view is made anew for each node, and throws when used after its visit. Slow; off by default. */
export function poisonViews(on: boolean): void {
  poisoning = on
}
