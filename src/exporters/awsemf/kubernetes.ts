// The label `kubernetes` that Container Insights has on EC2, for pods and containers on Fargate.

/** JSON in a text; undefined when the labels are those of something else. */
export function kubernetesLabel(labels: ReadonlyMap<string, string>): string | undefined {
  const type = labels.get('Type')
  if (type !== 'Pod' && type !== 'Container') return undefined
  const some = (entries: Readonly<Record<string, string | object | undefined>>): object | undefined => {
    const filled = Object.entries(entries).filter(([, value]) => value !== undefined && value !== '')
    return filled.length === 0 ? undefined : Object.fromEntries(filled)
  }
  return JSON.stringify(
    some({
      container_name: labels.get('container'),
      docker: some({ container_id: labels.get('container_id') }),
      host: labels.get('NodeName'),
      labels: some({ app: labels.get('app'), 'pod-template-hash': labels.get('pod-template-hash') }),
      namespace_name: labels.get('Namespace'),
      pod_id: labels.get('PodId'),
      pod_name: labels.get('PodName'),
      pod_owners: some({ owner_kind: labels.get('owner_kind'), owner_name: labels.get('owner_name') }),
      service_name: labels.get('Service'),
    }) ?? {},
  )
}
