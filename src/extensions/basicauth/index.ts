import { defineExtension } from '../../contract/index.ts'
import { BasicAuthClient } from './client.ts'
import { config } from './config.ts'
import { BasicAuthServer } from './server.ts'

export default defineExtension({
  type: 'basicauth',
  aliases: ['basic_auth'],
  summary: 'Names and passwords (HTTP Basic): of who may send here, or the one that exporters send with.',
  stability: 'beta',
  config,
  create: ({ htpasswd, client_auth: client }, settings) =>
    client === undefined ? new BasicAuthServer(htpasswd!, settings) : new BasicAuthClient(client, settings),
})
