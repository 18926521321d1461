// Detectors that look at this machine only: env, system, lambda, elastic_beanstalk.
import { test } from 'tap'
import { detecting, found, type MadeUp, machine } from './detecting.ts'

const env = (text: string, config: object = {}): Promise<Record<string, unknown>> =>
  found(config, machine({ environment: { OTEL_RESOURCE_ATTRIBUTES: text } }))

test('env: what OTEL_RESOURCE_ATTRIBUTES says', async (t) => {
  t.same(await env(' service.name = shop , deployment.environment.name=prod,empty=,sum=1=2'), {
    'service.name': 'shop',
    'deployment.environment.name': 'prod',
    empty: '',
    sum: '1=2',
  })
  t.same(await env('a=b%2Cc+d%C3%A9,b=%2B'), { a: 'b,c dé', b: '+' })
  t.same(await env('a=b,'), { a: 'b' })
  t.same(await found({}, machine({ environment: { OTEL_RESOURCE: 'old=1' } })), { old: '1' })
  t.same(await env('  '), {})
})

test('env: what is no list of attributes is an error that says what is wrong, and nothing is set', async (t) => {
  for (const [text, message] of [
    ['novalue', /must be like key=value,key=value, got "novalue"/],
    ['a=b,c', /got "c"/],
    ['a=%zz', /% without two hexadecimal digits/],
    [`${'k'.repeat(257)}=v`, /must be like/],
  ] as const) {
    const one = detecting({ retry: { enabled: false } }, machine({ environment: { OTEL_RESOURCE_ATTRIBUTES: text } }))
    await one.start()
    t.same(one.found(), {})
    t.match(one.settings.lines, [
      { level: 'error', message: 'a detector fails', fields: { detector: 'env', error: message } },
    ])
    t.match(one.host.states.at(-1), { state: 'degraded', reason: /env/ })
    await one.stop()
  }
})

test('env: included and excluded, with wildcards', async (t) => {
  const text = 'k8s.pod.name=p,k8s.node.name=n,service.name=s,k8sxpod=x'
  const kept = async (attributes: object): Promise<string[]> => Object.keys(await env(text, { env: { attributes } }))
  t.same(await kept({ included: ['k8s.*'] }), ['k8s.pod.name', 'k8s.node.name'])
  t.same(await kept({ included: ['k8s?*'], excluded: ['*.name'] }), ['k8sxpod'])
  t.same(await kept({ excluded: ['k8s.pod.name'] }), ['k8s.node.name', 'service.name', 'k8sxpod'])
})

const system = (of: MadeUp, config: object = {}) =>
  found({ detectors: ['system'], system: config, retry: { enabled: false } }, machine(of))

test('system: the host name, from the file of hosts, the name service, or the kernel', async (t) => {
  const hosts = { '/etc/hosts': '# host-1 no\n127.0.0.1\tlocalhost\n10.0.0.1  host-1.corp.example host-1 # yes\n' }
  const name = async (of: MadeUp, ...hostname_sources: string[]) =>
    (await system(of, hostname_sources.length > 0 ? { hostname_sources } : {}))['host.name']
  t.equal(await name({ files: hosts }), 'host-1.corp.example')
  t.equal(await name({}), 'host-1', 'nobody else knows it')
  const names = {
    addresses: async () => ['10.0.0.7', '10.0.0.8'],
    aliasOf: async (host: string) => (host === 'host-1' ? ['web.example.'] : []),
    hosts: async (address: string) => {
      if (address === '10.0.0.7') throw new Error('no name')
      return ['ip-8.example.']
    },
  }
  t.equal(await name({ names }), 'web.example')
  t.equal(await name({ names }, 'cname'), 'web.example')
  t.equal(await name({ names }, 'lookup'), 'ip-8.example')
  t.equal(await name({ names }, 'os'), 'host-1')
  t.equal(await name({}, 'lookup', 'cname', 'os'), 'host-1', 'the first that knows')
  const { aliasOf: _, ...withoutAlias } = names
  t.equal(await name({ names: withoutAlias }, 'cname'), 'host-1', 'a name that is no alias is canonical')
  t.equal(
    await name({
      names,
      platform: 'win32',
      files: { 'C:\\Windows\\System32\\drivers\\etc\\hosts': '1.1.1.1 x host-1' },
    }),
    'x',
  )
})

test('system: without a host name nothing is found', async (t) => {
  const one = detecting(
    { detectors: ['system'], system: { hostname_sources: ['cname'] }, retry: { enabled: false } },
    machine(),
  )
  await one.start()
  t.same(one.found(), {})
  t.match(one.settings.lines.at(-2), { fields: { error: 'no source knows the host name: cname' } })
  await one.stop()
})

const all = {
  hostname_sources: ['os'],
  resource_attributes: Object.fromEntries(
    [
      'host.arch',
      'host.id',
      'host.ip',
      'host.mac',
      'host.interface',
      'host.cpu.vendor.id',
      'host.cpu.family',
      'host.cpu.model.id',
      'host.cpu.model.name',
      'host.cpu.stepping',
      'host.cpu.cache.l2.size',
      'os.build.id',
      'os.description',
      'os.name',
      'os.version',
    ].map((name) => [name, { enabled: true }]),
  ),
}
const cpuinfo = `processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R)
stepping\t: 7
cache size\t: 36608 KB

processor\t: 1
vendor_id\t: Other
`
const address = (text: string, internal: boolean, mac: string) =>
  ({
    address: text,
    internal,
    mac,
    netmask: '',
    cidr: null,
    family: text.includes(':') ? 'IPv6' : 'IPv4',
    scopeid: 0,
  }) as const

test('system: everything that can be asked for', async (t) => {
  const of: MadeUp = {
    files: {
      '/etc/os-release':
        'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 \\"x\\""\nBUILD_ID=b7\n',
      '/etc/machine-id': 'c0ffee\n',
      '/proc/cpuinfo': cpuinfo,
    },
    interfaces: async () => ['lo', 'eth0', 'eth1'],
    addresses: () => ({
      lo: [address('127.0.0.1', true, '00:00:00:00:00:00')],
      eth0: [address('10.0.0.1', false, 'aa:bb:cc:00:11:22'), address('fe80::1', false, 'aa:bb:cc:00:11:22')],
    }),
  }
  t.same(await system(of, all), {
    'host.name': 'host-1',
    'os.type': 'linux',
    'host.arch': 'amd64',
    'host.ip': ['10.0.0.1', 'fe80::1'],
    'host.mac': ['AA-BB-CC-00-11-22'],
    'host.interface': ['lo', 'eth0', 'eth1'],
    'os.version': '24.04',
    'os.name': 'ubuntu',
    'os.build.id': 'b7',
    'os.description': 'Ubuntu 24.04 "x" (Linux host-1 6.8.0 #1 SMP x86_64)',
    'host.id': 'c0ffee',
    'host.cpu.vendor.id': 'GenuineIntel',
    'host.cpu.family': '6',
    'host.cpu.model.id': '85',
    'host.cpu.model.name': 'Intel(R) Xeon(R)',
    'host.cpu.stepping': '7',
    'host.cpu.cache.l2.size': 36608,
  })
})

test('system: Debian has its version in a file, a bare system nothing', async (t) => {
  const debian = {
    '/etc/os-release': 'ID=debian\nVERSION_ID=12\n',
    '/etc/debian_version': '12.5\n',
    '/proc/cpuinfo': '',
  }
  t.equal((await system({ files: debian }, all))['os.version'], '12.5')
  const bare = await system({ files: { '/proc/cpuinfo': '' } }, all)
  t.match(bare, { 'os.version': '6.8.0', 'os.build.id': '6.8.0', 'os.description': 'Linux host-1 6.8.0 #1 SMP x86_64' })
  t.notOk('host.id' in bare)
})

test('system: macOS and Windows', async (t) => {
  const commands: Record<string, string> = {
    'sw_vers -productVersion': '15.1\n',
    'sw_vers -buildVersion': '24B83\n',
    'ioreg -rd1 -c IOPlatformExpertDevice': ' "IOPlatformUUID" = "AB-12"\n',
    'reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography /v MachineGuid': '    MachineGuid    REG_SZ    cd-34\r\n',
  }
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    const output = commands[[command, ...args].join(' ')]
    if (output === undefined) throw new Error(`no ${command}`)
    return output
  }
  t.match(await system({ platform: 'darwin', arch: 'arm64', run }, all), {
    'os.type': 'darwin',
    'host.arch': 'arm64',
    'os.version': '15.1',
    'os.build.id': '24B83',
    'host.id': 'AB-12',
  })
  t.match(await system({ platform: 'win32', run }, all), { 'os.type': 'windows', 'host.id': 'cd-34' })
})

test('system: this machine', async (t) => {
  const one = detecting(
    { detectors: ['system'], system: all },
    (await import('../../../src/processors/resource_detection/machine.ts')).thisMachine,
  )
  await one.start()
  const attributes = one.found()
  await one.stop()
  t.ok(attributes['host.name'])
  t.equal(attributes['os.type'], process.platform === 'win32' ? 'windows' : process.platform)
  t.ok(Array.isArray(attributes['host.interface']))
  t.match(attributes['os.description'], /\w/)
})

test('lambda: what the runtime says in the environment', async (t) => {
  const environment = {
    AWS_LAMBDA_FUNCTION_NAME: 'forward',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/forward',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]ab',
    AWS_REGION: 'eu-west-1',
  }
  t.same(await found({ detectors: ['lambda'] }, machine({ environment })), {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'cloud.region': 'eu-west-1',
    'faas.name': 'forward',
    'faas.version': '$LATEST',
    'faas.instance': '2026/01/01/[$LATEST]ab',
    'faas.max_memory': '128',
    'aws.log.group.names': ['/aws/lambda/forward'],
    'aws.log.stream.names': ['2026/01/01/[$LATEST]ab'],
  })
  t.same(await found({ detectors: ['lambda'] }, machine({ environment: { AWS_LAMBDA_FUNCTION_NAME: 'f' } })), {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'faas.name': 'f',
  })
  t.same(await found({ detectors: ['lambda'] }, machine()), {})
})

test('elastic_beanstalk: the file that it writes', async (t) => {
  const text = JSON.stringify({ deployment_id: 23, version_label: 'v-32', environment_name: 'BETA' })
  const config = { detectors: ['elastic_beanstalk'] }
  const wanted = {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_elastic_beanstalk',
    'deployment.environment': 'BETA',
    'service.instance.id': '23',
    'service.version': 'v-32',
  }
  t.same(await found(config, machine({ files: { '/var/elasticbeanstalk/xray/environment.conf': text } })), wanted)
  const windows = 'C:\\Program Files\\Amazon\\XRay\\environment.conf'
  t.same(await found(config, machine({ platform: 'win32', files: { [windows]: text } })), wanted)
  t.same(await found(config, machine()), {})
  const broken = machine({ files: { '/var/elasticbeanstalk/xray/environment.conf': '{' } })
  t.same(await found({ ...config, retry: { enabled: false } }, broken), {})
})

test('resource_attributes switches each attribute on or off', async (t) => {
  const environment = { AWS_LAMBDA_FUNCTION_NAME: 'f', AWS_REGION: 'eu-west-1' }
  const config = { detectors: ['lambda'], lambda: { resource_attributes: { 'cloud.region': { enabled: false } } } }
  t.notOk('cloud.region' in (await found(config, machine({ environment }))))
})
