// What the task metadata endpoint answers, after AWS's documentation of version 4: on Fargate (awsvpc, the second version of
// cgroups) and on EC2 (bridge, the first).
type Answer = Readonly<Record<string, unknown>>

const labels = { 'com.amazonaws.ecs.cluster': 'doa-market-cluster', 'com.amazonaws.ecs.task-definition-version': '7' }

const container = (of: Answer): Answer => ({
  ImageID: 'sha256:25f3695bedfb454a50f12d127839a68ad3caf91e451c1da073db34c542c4d2cb',
  Labels: labels,
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  CreatedAt: '2026-01-01T00:00:01.123456789Z',
  StartedAt: '2026-01-01T00:00:02.5Z',
  Type: 'NORMAL',
  LogDriver: 'awslogs',
  Snapshotter: 'overlayfs',
  ...of,
})

const awsvpc = [
  { NetworkMode: 'awsvpc', IPv4Addresses: ['10.0.0.61'], AttachmentIndex: 0, MACAddress: '0e:10:e2:01:bd:91' },
]
const bridge = [{ NetworkMode: 'bridge', IPv4Addresses: ['172.17.0.3'] }]

/** Runs, has ended, has only just begun. */
export const fargateTask: Answer = {
  Cluster: 'arn:aws:ecs:ap-northeast-2:111122223333:cluster/doa-market-cluster',
  TaskARN: 'arn:aws:ecs:ap-northeast-2:111122223333:task/doa-market-cluster/cd189a933e5849daa93386466019ab50',
  Family: 'product-service',
  Revision: '7',
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  Limits: { CPU: 0.25, Memory: 512 },
  PullStartedAt: '2026-01-01T00:00:00.1Z',
  PullStoppedAt: '2026-01-01T00:00:01Z',
  AvailabilityZone: 'ap-northeast-2a',
  LaunchType: 'FARGATE',
  ServiceName: 'product-service',
  ClockDrift: { ClockErrorBound: 0.5458234999999999, ClockSynchronizationStatus: 'SYNCHRONIZED' },
  EphemeralStorageMetrics: { Utilized: 261, Reserved: 20496 },
  FaultInjectionEnabled: false,
  Containers: [
    container({
      DockerId: 'cd189a933e5849daa93386466019ab50-2495160603',
      Name: 'app',
      DockerName: 'app',
      Image: '111122223333.dkr.ecr.ap-northeast-2.amazonaws.com/product-service:1.4.2',
      Limits: { CPU: 128, Memory: 256 },
      Networks: awsvpc,
    }),
    container({
      DockerId: 'cd189a933e5849daa93386466019ab50-0527074092',
      Name: 'agent',
      DockerName: 'agent',
      Image: 'registry.example.com:5000/sluice@sha256:25f3695bedfb454a50f12d127839a68ad3caf91e451c1da073db34c542c4d2cb',
      Limits: { CPU: 2 },
      Networks: awsvpc,
    }),
    container({
      DockerId: 'cd189a933e5849daa93386466019ab50-1111111111',
      Name: 'migrate',
      DockerName: 'migrate',
      Image: 'busybox',
      KnownStatus: 'STOPPED',
      DesiredStatus: 'STOPPED',
      ExitCode: 0,
      FinishedAt: '2026-01-01T00:00:10.75Z',
      Limits: { CPU: 2 },
      Networks: awsvpc,
    }),
    container({
      DockerId: 'cd189a933e5849daa93386466019ab50-2222222222',
      Name: 'begun',
      DockerName: 'begun',
      Image: 'nginx:latest',
      KnownStatus: 'CREATED',
      Networks: awsvpc,
    }),
  ],
}

const eth1 = {
  rx_bytes: 0,
  rx_packets: 0,
  rx_errors: 0,
  rx_dropped: 0,
  tx_bytes: 0,
  tx_packets: 0,
  tx_errors: 0,
  tx_dropped: 0,
}

export const fargateStats: Answer = {
  'cd189a933e5849daa93386466019ab50-2495160603': {
    read: '2026-01-01T00:01:00.750000001Z',
    preread: '2026-01-01T00:00:59.750000001Z',
    pids_stats: { current: 9 },
    blkio_stats: {
      io_service_bytes_recursive: [
        { major: 259, minor: 0, op: 'read', value: 1000 },
        { major: 259, minor: 0, op: 'write', value: 50 },
        { major: 259, minor: 1, op: 'read', value: 24 },
      ],
      io_serviced_recursive: null,
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: {
      cpu_usage: { total_usage: 5_000_000_000, usage_in_kernelmode: 1_000_000_000, usage_in_usermode: 4_000_000_000 },
      system_cpu_usage: 1_000_000_000_000,
      online_cpus: 2,
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    },
    precpu_stats: { cpu_usage: { total_usage: 4_900_000_000 }, system_cpu_usage: 998_000_000_000, online_cpus: 2 },
    memory_stats: {
      usage: 104_857_600,
      stats: { anon: 52_428_800, file: 41_943_040, inactive_file: 10_485_760 },
      limit: 268_435_456,
    },
    name: 'app',
    id: 'cd189a933e5849daa93386466019ab50-2495160603',
    networks: { eth1: { ...eth1, rx_bytes: 84, rx_packets: 2, tx_bytes: 42, tx_packets: 1, tx_dropped: 3 } },
    network_rate_stats: { rx_bytes_per_sec: 1.5, tx_bytes_per_sec: 10 },
  },
  'cd189a933e5849daa93386466019ab50-0527074092': {
    read: '2026-01-01T00:01:00.75Z',
    preread: '0001-01-01T00:00:00Z',
    blkio_stats: { io_service_bytes_recursive: null },
    cpu_stats: { cpu_usage: { total_usage: 100, usage_in_kernelmode: 40, usage_in_usermode: 60 }, online_cpus: 2 },
    precpu_stats: { cpu_usage: { total_usage: 0 } },
    memory_stats: { usage: 1_048_576, stats: { inactive_file: 2_097_152 } },
    name: 'agent',
    id: 'cd189a933e5849daa93386466019ab50-0527074092',
    networks: null,
    network_rate_stats: null,
  },
  'cd189a933e5849daa93386466019ab50-1111111111': null,
  'cd189a933e5849daa93386466019ab50-2222222222': null,
}

/** No limits of the task, a container in the host's network, counters beyond 2^53. */
export const ec2Task: Answer = {
  Cluster: 'default',
  TaskARN: 'arn:aws-cn:ecs:cn-north-1:111122223333:task/158d1c8083dd49d6b527399fd6414f5c',
  Family: 'curltest',
  Revision: '26',
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  PullStartedAt: '2026-01-01T00:00:00Z',
  PullStoppedAt: '2026-01-01T00:00:00Z',
  AvailabilityZone: 'cn-north-1d',
  LaunchType: 'EC2',
  VPCID: 'vpc-1234567890abcdef0',
  Containers: [
    container({
      DockerId: '598cba581fe3f939459eaba1e071d5c93bb2c49b7d1ba7db6bb19deeb70d8e38',
      Name: '~internal~ecs~pause',
      DockerName: 'ecs-curltest-26-internalecspause-e292d586b6f9dade4a00',
      Image: 'amazon/amazon-ecs-pause:0.1.0',
      Type: 'CNI_PAUSE',
      Limits: { CPU: 0, Memory: 0 },
      Networks: bridge,
    }),
    container({
      DockerId: 'ee08638adaaf009d78c248913f629e38299471d45fe7dc944d1039077e3424ca',
      Name: 'curl',
      DockerName: 'ecs-curltest-26-curl-a0e7dba5aca6d8cb2e00',
      Image: '111122223333.dkr.ecr.cn-north-1.amazonaws.com/curltest:latest',
      Limits: { CPU: 10, Memory: 128 },
      Networks: [{ NetworkMode: 'host', IPv4Addresses: [''] }],
    }),
  ],
}

/** As JSON: one number is larger than JavaScript can write. */
export const ec2Stats = `{
  "598cba581fe3f939459eaba1e071d5c93bb2c49b7d1ba7db6bb19deeb70d8e38": {
    "read": "2026-01-01T00:01:00.5Z", "preread": "2026-01-01T00:00:59.5Z",
    "blkio_stats": { "io_service_bytes_recursive": [
      { "major": 202, "minor": 26368, "op": "Read", "value": 638976 }, { "major": 202, "minor": 26368, "op": "Write", "value": 0 },
      { "major": 202, "minor": 26368, "op": "Sync", "value": 638976 }, { "major": 202, "minor": 26368, "op": "Total", "value": 638976 } ] },
    "cpu_stats": { "cpu_usage": { "total_usage": 30000000, "percpu_usage": [20000000, 10000000, 0, 0],
        "usage_in_kernelmode": 10000000, "usage_in_usermode": 20000000 }, "system_cpu_usage": 9223372036854775001, "online_cpus": 2 },
    "precpu_stats": { "cpu_usage": { "total_usage": 30000000, "percpu_usage": [20000000, 10000000, 0, 0] } },
    "memory_stats": { "usage": 3145728, "max_usage": 6299648, "stats": { "cache": 1048576, "inactive_file": 12288 }, "limit": 134217728 },
    "name": "/ecs-curltest-26-internalecspause", "id": "598cba581fe3f939459eaba1e071d5c93bb2c49b7d1ba7db6bb19deeb70d8e38",
    "networks": { "eth0": { "rx_bytes": 84, "rx_packets": 2, "rx_errors": 1, "rx_dropped": 0, "tx_bytes": 84, "tx_packets": 2, "tx_errors": 0, "tx_dropped": 0 },
      "eth1": { "rx_bytes": 16, "rx_packets": 1, "rx_errors": 0, "rx_dropped": 5, "tx_bytes": 0, "tx_packets": 0, "tx_errors": 0, "tx_dropped": 0 } },
    "network_rate_stats": { "rx_bytes_per_sec": 0, "tx_bytes_per_sec": 0 }
  },
  "ee08638adaaf009d78c248913f629e38299471d45fe7dc944d1039077e3424ca": {
    "read": "2026-01-01T00:01:01Z", "preread": "2026-01-01T00:01:00Z",
    "blkio_stats": { "io_service_bytes_recursive": [] },
    "cpu_stats": { "cpu_usage": { "total_usage": 700000000, "percpu_usage": [600000000, 100000000, 0, 0],
        "usage_in_kernelmode": 0, "usage_in_usermode": 700000000 }, "system_cpu_usage": 806, "online_cpus": 2 },
    "precpu_stats": { "cpu_usage": { "total_usage": 200000000 } },
    "memory_stats": { "usage": 2097152, "max_usage": 2097152, "stats": { "cache": 0 }, "limit": 134217728 },
    "name": "/ecs-curltest-26-curl", "id": "ee08638adaaf009d78c248913f629e38299471d45fe7dc944d1039077e3424ca"
  }
}`
