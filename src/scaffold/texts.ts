// What components of the project and plugins have in common.
import type { Draft } from './draft.ts'

export const indented = (text: string, width: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(width))

/** `export default defineExporter({ … })` */
export function describeWith(
  define: string,
  type: string,
  { summary, fact, create, config }: Pick<Draft, 'summary' | 'fact' | 'create'> & { readonly config: string },
): string {
  const lines = [`type: '${type}',`, `summary: '${summary}',`, "stability: 'alpha',", fact]
  lines.push(config === 'config' ? 'config,' : `config: ${config},`, `create: ${create},`)
  return `export default ${define}({\n${indented(lines.filter((line) => line !== '').join('\n'), 2)}\n})\n`
}

/** `contractConfig`: undefined where the contract suite is run elsewhere; otherwise what stands behind the factory. */
export function testCode(goldenTest: string, contractCall: string | undefined): string {
  const golden = `// A case is a folder: settings, what comes in, and what comes out. \`UPDATE=1\` writes the last one anew.
for (const one of goldenCases(new URL('cases/', import.meta.url)))
  test(\`case \${one.title}\`, async () => {
    ${goldenTest}
  })
`
  return contractCall === undefined ? golden : `${golden}\n${contractCall}`
}

/** Files of a golden case, by path. */
export function goldenFiles(folder: string, { config, input, expected }: Draft['golden']): [string, string][] {
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`
  return [
    [`${folder}/config.yaml`, config],
    ...(input === undefined ? [] : [[`${folder}/input.json`, json(input)] satisfies [string, string]]),
    [`${folder}/expected.json`, json(expected)],
  ]
}
