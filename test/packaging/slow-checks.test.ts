// A thread begins in a file of its own, which a bundler does not see: what is built must find it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { test } from 'tap'
import { freePort } from '../kit/free-ports.ts'
import { eventually } from '../servers/process.ts'

const skip = existsSync('dist/main.js') ? false : 'nothing is built: npm run build'

test('what is built compares passwords with bcrypt', { skip }, async (t) => {
  const port = await freePort()
  const config = {
    extensions: { basicauth: { htpasswd: { inline: `shop:${hashSync('secret', 4)}` } } },
    receivers: {
      otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}`, auth: { authenticator: 'basicauth' } } } },
    },
    exporters: { nop: {} },
    service: {
      extensions: ['basicauth'],
      telemetry: { metrics: { level: 'none' } },
      pipelines: { logs: { receivers: ['otlp'], exporters: ['nop'] } },
    },
  }
  const file = join(t.testdir({}), 'config.yaml')
  writeFileSync(file, JSON.stringify(config))
  const agent = spawn(process.execPath, ['dist/main.js', 'run', '--config', file], { stdio: 'ignore' })
  t.teardown(async () => {
    if (agent.exitCode !== null) return
    agent.kill('SIGTERM')
    await once(agent, 'exit')
  })
  const send = async (password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`shop:${password}`).toString('base64')}`
    const headers = { 'content-type': 'application/json', authorization }
    const answer = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: 'POST', headers, body: '{}' })
    return answer.status
  }
  t.equal(await eventually('the agent listens', () => send('wrong')), 401)
  t.equal(await send('secret'), 200)
})
