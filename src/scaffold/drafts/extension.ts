import type { Drafts, Name } from '../draft.ts'

/** Keeps a file there for as long as the agent runs. */
export function extension({ type, pascal }: Name): Drafts {
  const draft = {
    summary: 'Keeps a file there for as long as the agent runs.',
    whenToUse: 'For scripts and probes that look for a file to learn whether the agent is there.',
    howItWorks: 'The file is written when the agent starts and is gone once it has stopped.',
    fact: '',
    schema: `section({
  path: required(nonEmptyText, 'The file.'),
  content: setting(text, 'ready', 'What stands in it.'),
})`,
    create: `create${pascal}Extension`,
    wiring: `import { rm, writeFile } from 'node:fs/promises'

export function create${pascal}Extension({ path, content }: ${pascal}Config): Extension {
  return {
    start: () => writeFile(path, \`\${content}\\n\`),
    stop: () => rm(path, { force: true }),
  }
}
`,
    example: 'path: ${env:TMPDIR:-/tmp}/sluice.ready\ncontent: "yes"',
    golden: {
      config: '# path is added by the test: it lies in a folder of its own\ncontent: "yes"\n',
      input: undefined,
      expected: { whileItRuns: 'yes\n', afterwards: [] },
    },
    goldenTest: `const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
    try {
      const running = await startComponent(factory, { ...one.config, path: join(folder, 'ready') })
      const whileItRuns = readFileSync(join(folder, 'ready'), 'utf8')
      await running.stop()
      one.expect({ whileItRuns, afterwards: readdirSync(folder) })
    } finally {
      rmSync(folder, { recursive: true })
    }`,
  }
  return {
    plugin: { ...draft, contractConfig: '({ directory }: ContractScene) => ({ path: `${directory}/ready` })' },
    project: {
      ...draft,
      minimal: '({ directory }) => ({ path: `${directory}/ready` })',
      changes: `tested('extensions/${type}', {
      path: { value: ({ directory }: Scene) => \`\${directory}/other\`, change: 'which file it is' },
      content: { value: 'yes', change: 'what stands in it' },
    })`,
    },
  }
}
