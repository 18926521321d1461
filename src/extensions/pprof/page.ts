/** What there is to ask, for who comes with a browser. `host` is how that one has come here. */
export const indexPage = (host: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>sluice: profiles</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere }
dt { margin-top: 1rem }
</style>
<h1>Profiles of this agent</h1>
<dl>
<dt><a href="/debug/pprof/profile?seconds=10"><code>/debug/pprof/profile?seconds=10</code></a>
<dd>What takes the CPU, for 10 seconds (1 to 300, 30 without). For <code>go tool pprof</code>.
<dt><a href="/debug/pprof/profile?seconds=10&amp;format=cpuprofile"><code>/debug/pprof/profile?seconds=10&amp;format=cpuprofile</code></a>
<dd>The same for a browser's developer tools (Performance, load profile) and speedscope.
<dt><a href="/debug/pprof/heap"><code>/debug/pprof/heap</code></a>
<dd>What is on the heap, and who put it there since the start; with <code>?seconds=60</code> only what came in that time and stayed.
<dt><a href="/debug/pprof/heap?format=heapprofile"><code>/debug/pprof/heap?format=heapprofile</code></a>
<dd>The same for a browser's developer tools (Memory, load profile); always since the start.
</dl>
<p><code>go tool pprof -http=: 'http://${host.replace(/[^\w.:[\]-]/g, '')}/debug/pprof/profile?seconds=10'</code></p>
</html>
`
