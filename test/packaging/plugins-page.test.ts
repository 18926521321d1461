// docs/plugins.md, followed from an empty folder outside the project with the packed package: its commands are run and its files
// written, one after the other. Only where the package comes from and the ports are other ones.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'tap'
import { eventually } from '../servers/process.ts'
import { unpacked } from './packed.ts'

interface Block {
  /** `sh`, `sh fails`, `sh background`, `ts errorhook.ts`. */
  readonly info: string
  readonly text: string
  /** The second-level heading that it stands below. */
  readonly chapter: string
}

function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let chapter = ''
  for (const match of page.matchAll(/^## (.*)$|^```(\w+(?: [\w./-]+)?)\n([\s\S]*?)^```$/gm)) {
    const [, heading, info, text] = match
    if (heading !== undefined) chapter = heading
    else if (/^sh\b| /.test(info!)) blocks.push({ info: info!, text: text!, chapter })
  }
  return blocks
}

interface Running {
  readonly command: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  output: string
}

test('the page does what it says', async (t) => {
  const blocks = blocksOf(readFileSync('docs/plugins.md', 'utf8'))
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-page-')))
  const running: Running[] = []
  t.teardown(async () => {
    for (const one of running) stop(one)
    await Promise.all(running.map(({ ended }) => ended))
    rmSync(root, { recursive: true })
  })
  mkdirSync(join(root, 'packed'))
  const packed = unpacked(join(root, 'packed'))
  const [otlpPort, hookPort] = [await quietPort(), await quietPort()]
  const here = (text: string): string =>
    text.replaceAll(/\b4318\b/g, String(otlpPort)).replaceAll(/\b9000\b/g, String(hookPort))

  const start = (command: string, cwd: string): Running => {
    const { PATH } = process.env
    const env = { PATH: `${join(root, 'plugins/node_modules/.bin')}:${dirname(process.execPath)}:${PATH}`, HOME: root }
    // The test runner's own loader, which children inherit, is not for these.
    const child = spawn('sh', ['-c', `unset NODE_OPTIONS\n${command}`], { cwd, env, detached: true })
    const one: Running = {
      command,
      child,
      output: '',
      ended: new Promise((ended) => child.once('close', (code) => ended(code))),
    }
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        one.output += part
      })
    return one
  }

  let cwd = root
  let chapter = ''
  // What `npm install` would fetch: in a plugin's folder, and with the package, which names their types.
  const compiler = ['typescript', '@types/node', 'undici-types']
  const libraries = ['valibot', '@opentelemetry/api']
  const told: string[] = []
  let commands = 0
  for (const block of blocks) {
    if (block.chapter !== chapter) await end(running.splice(0))
    chapter = block.chapter
    const [kind, what] = block.info.split(' ')
    if (kind !== 'sh') {
      mkdirSync(dirname(join(cwd, what!)), { recursive: true })
      writeFileSync(join(cwd, what!), here(block.text))
      continue
    }
    const script = commandsOf(here(block.text), {
      packed,
      libraries,
      compiler,
      endpoint: `http://127.0.0.1:${otlpPort}`,
    })
    commands += script.split('\n').length
    if (what === 'background') {
      const one = start(`exec ${script}`, cwd)
      running.push(one)
      if (script.startsWith('sluice run')) await says(one, 'sluice is ready')
      t.equal(one.child.exitCode, null, one.output)
      continue
    }
    const one = start(`set -e\n${script}\npwd > '${root}/.cwd'`, cwd)
    const code = await one.ended
    told.push(one.output)
    if (what === 'fails') t.not(code, 0, `${block.text} must fail`)
    else t.equal(code, 0, `${block.text}: ${one.output}`)
    if (what !== 'fails') cwd = readFileSync(join(root, '.cwd'), 'utf8').trim()
    if (script.includes('sluice generate') && code === 0) {
      const [webhook] = running
      await says(webhook!, '{"text":')
      t.match(webhook!.output, /\{"text":"[a-z]+: /, 'errors have arrived')
    }
  }
  await end(running.splice(0))
  t.ok(commands > 20)

  const all = told.join('\n')
  for (const part of [
    /exporter errorhook accounts for every item/,
    /- +"requests"|- .*"severity": 17/,
    /"below_severity": 1/,
    /severty[\s\S]*severity/,
    /authorization: .*(\*|REDACTED)/,
    /The least severity number that is posted; 17 is ERROR\./,
    /✔ what the webhook cannot take now is sent again/,
    /processor ownteam accounts for every item when what comes next refuses/,
    /"here I am"/,
    /dist\/errorhook\.js/,
  ])
    t.match(all, part)
  t.notOk(all.includes('letmein'), 'print-config hides the token, and nothing else tells it')
  t.match(JSON.parse(readFileSync(join(root, 'plugins/errorhook/sluice.schema.json'), 'utf8')), { type: 'object' })
  t.match(readFileSync(join(root, 'plugins/errorhook/sluice.schema.json'), 'utf8'), /17 is ERROR/)
  t.match(readdirSync(join(root, 'plugins/shop/node_modules/sluice-plugin-errorhook/dist')), ['errorhook.js'])
  t.match(readFileSync(join(root, 'plugins/ownteam/cases/first/expected.json'), 'utf8'), /"team"[\s\S]*"checkout"/)

  async function end(ones: readonly Running[]): Promise<void> {
    for (const one of ones) {
      stop(one)
      const code = await one.ended
      if (one.command.includes('sluice run')) t.equal(code, 0, one.output)
    }
  }
})

/** Until it has said that, or is gone. */
const says = (one: Running, text: string): Promise<true> =>
  eventually(
    `${one.command}: ${text}`,
    async () => one.output.includes(text) || one.child.exitCode !== null || undefined,
  )

function stop({ child }: Running): void {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
    process.kill(child.pid, 'SIGTERM')
}

/** One below those that systems hand out: it is used minutes later, and other tests ask for ports meanwhile. */
async function quietPort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const server = createServer()
  const isFree = await new Promise<boolean>((told) => {
    server.once('error', () => told(false))
    server.listen(port, '127.0.0.1', () => server.close(() => told(true)))
  })
  return isFree ? port : quietPort()
}

/** The commands as they stand there; npx, which takes a second each time, is tried with the first. */
function commandsOf(
  text: string,
  {
    packed,
    libraries,
    compiler,
    endpoint,
  }: { packed: string; libraries: readonly string[]; compiler: readonly string[]; endpoint: string },
): string {
  const install = `mkdir -p node_modules/.bin
${given(libraries)}
cp -r '${packed}' node_modules/sluice
chmod +x node_modules/sluice/dist/main.js
ln -s ../sluice/dist/main.js node_modules/.bin/sluice`
  return text
    .trim()
    .replace(/^npm install .*sluice-[\d.]+\.tgz$/gm, install)
    .replace(
      /^npm install$/gm,
      `mkdir -p node_modules/.bin\n${given(compiler)}\nln -s ../typescript/bin/tsc node_modules/.bin/tsc`,
    )
    .replaceAll(/npx (?=sluice (?!new exporter))/g, '')
    .replaceAll(/(sluice generate .*)/g, `$1 --endpoint ${endpoint}`)
    .replaceAll(/(sluice run .*)/g, '$1 --set service::telemetry::metrics::level=none')
}

/**
 * As `npm install` would have put them there. npm tidies up what it did not install: a link to a package it only removes, but
 * through a link to a scope it would empty the project's own. So scoped ones are copies.
 */
const given = (libraries: readonly string[]): string =>
  libraries
    .map((name) => {
      const from = resolve('node_modules', name)
      if (!name.startsWith('@')) return `ln -s '${from}' node_modules/${name}`
      return `mkdir -p node_modules/${dirname(name)}\ncp -r '${from}' node_modules/${name}`
    })
    .join('\n')
