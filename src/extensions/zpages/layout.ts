import { Html, html } from './html.ts'

export const PAGES = ['servicez', 'pipelinez', 'extensionz', 'featurez', 'tracez'] as const
export type PageName = (typeof PAGES)[number]

/** A whole page: no script, nothing from elsewhere. */
/** `changed`: sources of the config that wait for a restart. */
export const layout = (current: PageName, subtitle: string, body: Html, changed: readonly string[] = []): string =>
  html`${new Html('<!doctype html>')}
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${current} – sluice</title>
<style>${new Html(STYLE)}</style>
<header><strong>sluice</strong><nav>${PAGES.map((name) => (name === current ? html`<a aria-current="page" href="/debug/${name}">${name}</a>` : html`<a href="/debug/${name}">${name}</a>`))}</nav></header>
<main>
<p class="subtitle">${subtitle} <a href="?format=json">JSON</a></p>
${changed.length > 0 ? html`<p class="notice">Changed since the start, restart to apply: ${changed.map((name) => html`<code>${name}</code> `)}</p>` : ''}${body}
</main>
</html>
`.text

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1b2430, #e4e9f0); --soft: light-dark(#5d6b7c, #98a5b5);
  --page: light-dark(#f5f7fa, #12171e); --card: light-dark(#fff, #1b222c); --line: light-dark(#d9e0e8, #2e3947);
  --accent: light-dark(#0b63b5, #6db4f5); --good: light-dark(#1c8450, #4fc48a); --warn: light-dark(#b26a00, #f0b24d);
  --bad: light-dark(#bd2c2c, #f57f7f) }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; padding: .8rem 1.5rem;
  background: var(--card); border-bottom: 1px solid var(--line) }
header strong { font-size: 1.15rem }
nav { display: flex; flex-wrap: wrap; gap: 1.2rem }
a { color: var(--accent) }
nav a { text-decoration: none; padding: .15rem 0; border-bottom: 2px solid transparent }
nav a[aria-current] { border-color: var(--accent) }
main { max-width: 84rem; margin: 0 auto; padding: .5rem 1.5rem 3rem }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .6rem }
.notice { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--warn); border-radius: 6px; padding: .5rem .8rem }
.subtitle, .soft { color: var(--soft) }
.scroll { overflow-x: auto }
.flow { display: flex; align-items: center; padding-bottom: .4rem }
.stage { display: flex; flex-direction: column; gap: .6rem }
.arrow { color: var(--soft); padding: 0 .6rem; font-size: 1.3rem }
.node { width: max-content; min-width: 13.5rem; max-width: 20rem; background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--soft);
  border-radius: 6px; padding: .5rem .8rem .6rem }
.node.ok { border-left-color: var(--good) } .node.degraded { border-left-color: var(--warn) }
.node.failed { border-left-color: var(--bad) }
.node h3 { margin: 0; font-size: .98rem; overflow-wrap: anywhere } .node .kind { color: var(--soft); font-size: .8rem }
.node dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .8rem; margin: .3rem 0 0; font-size: .88rem }
dt { color: var(--soft) } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
.bad { color: var(--bad) } .warn { color: var(--warn) } .good { color: var(--good) }
@media (max-width: 48rem) {
  .flow { flex-direction: column; align-items: stretch }
  .arrow { transform: rotate(90deg); width: 13.5rem; text-align: center }
  .node { width: auto }
}
meter { width: 100%; height: .55rem }
table { border-collapse: collapse; background: var(--card); border: 1px solid var(--line) }
th, td { text-align: left; padding: .35rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top }
thead th { color: var(--soft); font-weight: 600; font-size: .85rem; white-space: nowrap }
td.number { text-align: right; font-variant-numeric: tabular-nums }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere }
td code { overflow-wrap: break-word }
`
