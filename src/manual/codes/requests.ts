// Requests and connections that a server of the agent turned away. Their data was never taken; the sender was told.
import type { Codes } from './code.ts'

export const REQUESTS: Codes = {
  unavailable: {
    what: 'A request was refused for now; the sender was asked to come again.',
    why: 'A memory limiter, a full queue, or a destination that is away; the error in the answer says which.',
    fix: 'Look for the code of the exporter or processor that refuses (`queue_full`, `memory_limit`).',
  },
  partial_success: {
    what: 'A request was taken but for some of its items; the sender was told how many.',
    why: 'An exporter without a queue passes on that its destination did not want them.',
    fix: 'Look at the message in the answer or the log of the exporter.',
  },
  malformed: {
    what: 'The payload cannot be read; the sender was told where it breaks.',
    why: 'A faulty sender, another protocol at this port, or data cut off on the way.',
    fix: 'Read the position and field in the message; try the sender against another collector.',
  },
  malformed_record: {
    what: 'One record of a delivery from Firehose cannot be read; the others were taken.',
    why: 'Something else than CloudWatch Logs writes to that stream.',
    fix: 'Give it a stream of its own.',
  },
  bad_request: {
    what: 'A request is against the rules of HTTP.',
    why: 'The target is no path, or the headers contradict themselves; often a scanner.',
    fix: 'Nothing, when it is no sender of yours.',
  },
  bad_path: {
    what: 'The signing proxy was asked for something that is no path.',
    why: 'A client uses it as an ordinary HTTP proxy.',
    fix: 'Set it as the endpoint of the SDK, not as its proxy.',
  },
  not_found: {
    what: 'There is nothing at this path, or no pipeline for this signal.',
    why: 'A wrong path in the sender, or the receiver is in no pipeline of the signal.',
    fix: 'Compare the path (`/v1/traces`, `/v1/metrics`, `/v1/logs`); add the receiver to a pipeline.',
  },
  method_not_allowed: {
    what: 'The path takes another method.',
    why: 'A browser or a health check asks where data is posted.',
    fix: 'Point health checks to the `health_check` extension.',
  },
  bad_content_type: {
    what: 'The format of the body is not one that is taken.',
    why: 'The header `Content-Type` is missing or names another one than protobuf or JSON.',
    fix: 'Set `application/x-protobuf` or `application/json` in the sender.',
  },
  bad_content_encoding: {
    what: 'The compression of the body is not one that is taken here.',
    why: 'The sender uses a rare one, or the receiver allows fewer than there are.',
    fix: 'The answer lists those that are taken; set one of them in the sender.',
  },
  bad_compression: {
    what: 'The body cannot be decompressed.',
    why: 'The header names another compression than was used, or the data is cut off.',
    fix: 'Look at the sender, and at proxies that compress.',
  },
  bad_frame: {
    what: 'The bytes of a call are no gRPC message.',
    why: 'Something else than gRPC speaks to the port, or a faulty client.',
    fix: 'Use the port for HTTP (4318) for OTLP over HTTP.',
  },
  bad_metadata: {
    what: 'The metadata of a gRPC call cannot be read.',
    why: 'A value under a name that ends in `-bin` is not base64.',
    fix: 'Correct the headers in the sender.',
  },
  bad_timeout: {
    what: 'The time limit in a gRPC call cannot be read.',
    why: 'A faulty client.',
    fix: 'Correct `grpc-timeout` in the sender.',
  },
  bad_access_key: {
    what: 'A delivery from Firehose has another access key than the receiver.',
    why: 'The key was changed on one side, or somebody else sends.',
    fix: 'Set the same key in the delivery stream and in `access_key`.',
  },
  bad_header: {
    what: 'A header is not as it must be: of a datagram with segments, or the value that `headers_setter` was to send.',
    why: 'Something else than an X-Ray SDK sends to the UDP port; or a value with characters that headers cannot have.',
    fix: 'The log has an example: find its sender.',
  },
  unauthenticated: {
    what: 'A request without valid credentials was refused with 401.',
    why: 'The sender has no key or an old one, or uses another scheme.',
    fix: 'Compare the credentials of the sender with the extension in `auth::authenticator`.',
  },
  issuer_unavailable: {
    what: 'The keys of an OIDC issuer could not be fetched, so tokens cannot be checked; senders are asked to come again.',
    why: 'The issuer is down, or not to be reached from here.',
    fix: 'Ask its `/.well-known/openid-configuration` from this machine; check `issuer_ca_path` and proxies.',
  },
  unknown_signing_key: {
    what: 'A token names a key that its OIDC issuer did not have a moment ago, and the issuer is not asked again so soon; the sender is asked to come again.',
    why: 'Somebody sends many tokens that nobody signed; or the issuer has just changed its keys meanwhile.',
    fix: 'Nothing when it passes; else find who sends them.',
  },
  no_keys: {
    what: 'There are no keys to check tokens with; senders are asked to come again.',
    why: 'The file with the keys cannot be read, or the extension has not started.',
    fix: 'Put right the file that the message names.',
  },
  no_password_check: {
    what: 'The thread in which `basicauth` compares passwords has ended in the middle; the next check begins another.',
    why: 'It could not begin or went out of memory; an error in the log says which.',
    fix: 'Nothing when it happens once; else give the process 10 MB more.',
  },
  too_many_passwords: {
    what: 'So many passwords are being checked that a request was sent away, to come again.',
    why: 'Checking a password takes CPU on purpose; somebody tries many, or very many senders begin at once.',
    fix: 'Find who tries; for many senders use tokens instead.',
  },
  from_page: {
    what: 'A request to the signing proxy came from a web page, and was refused.',
    why: 'A page in a browser on this machine tries to use the rights of the agent.',
    fix: 'Nothing: this is a protection.',
  },
  too_many_requests: {
    what: 'The signing proxy has as many requests under way as it takes, and answers 503.',
    why: 'AWS is slow, or very many clients ask.',
    fix: 'Let fewer processes share it.',
  },
  not_ready: {
    what: 'The signing proxy could not forward a request.',
    why: 'The cause is in the message, such as a region that is not known.',
    fix: 'Put right what the message names.',
  },
  aborted: {
    what: 'The sender closed the connection in the middle of a request.',
    why: 'Its own time limit, a restart, or a balancer in between.',
    fix: 'Nothing, when there are few; else compare its time limit with how long the agent takes.',
  },
  deadline: {
    what: 'The time that a gRPC client set is over before the request was done.',
    why: 'Without a queue a request lasts as long as its delivery.',
    fix: 'Raise the time limit of the client, or turn on `sending_queue`.',
  },
  body_timeout: {
    what: 'A body took too long to arrive.',
    why: 'A slow line, or a client that holds connections open on purpose.',
    fix: 'Raise `read_timeout` for senders on slow lines.',
  },
  header_timeout: {
    what: 'A connection brought no whole request head in time, and was closed.',
    why: 'A port scan, a balancer that only connects, or a client that stalls.',
    fix: 'Nothing, when it is no sender of yours; `read_header_timeout` is the limit.',
  },
  write_timeout: {
    what: 'A client did not read its answer in time, and was cut off.',
    why: 'It hangs, or the line is broken.',
    fix: 'Look at the client; `write_timeout` is the limit.',
  },
  keepalive_timeout: {
    what: 'A gRPC client did not answer a ping, and the connection was closed.',
    why: 'The client has gone without a word, or a firewall forgot the connection.',
    fix: 'Nothing: a living client connects again.',
  },
  tls_handshake: {
    what: 'A client and the server did not agree on TLS. The log has the `cause`, each at most once a minute, and the address of the client where it is still known.',
    why: '`not TLS`: the client speaks without it, or is no client at all (a health check, a scan). `wrong version`, `no shared cipher`, `no shared curve`, `no shared protocol`: client and server have none in common. `certificate required`, `client certificate not trusted`: `client_ca_file` asks for a certificate that the client does not have, or not from that authority. `server certificate not trusted`: the client does not know the authority of the server, or the name or date does not fit. `refused by the client`, `no answer in time`, `other`: the client knows more.',
    fix: '`not TLS`: set `https://`, or `insecure: false`, in the client. `wrong version`: bring the client up to date, or lower `min_version`. `no shared cipher` and its like: leave `cipher_suites` and `curve_preferences` away on both sides. `certificate required`: give the client `cert_file` and `key_file`; `client certificate not trusted`: put its authority into `client_ca_file`, and renew what has expired. `server certificate not trusted`: give the client `ca_file`, and see that the name that it connects to is in the certificate. For all others read the log of the client, or try `openssl s_client -connect` from its machine.',
  },
  not_http2: {
    what: 'Something else than HTTP/2 spoke to a gRPC port, and was cut off.',
    why: 'OTLP over HTTP sent to 4317, a health check, or TLS where there is none (or the reverse).',
    fix: 'Send OTLP over HTTP to 4318; compare `tls` on both sides.',
  },
  protocol_error: {
    what: 'A client broke the rules of HTTP/2. The log has the `cause`, each at most once a minute, and the address of the client.',
    why: 'A faulty client or proxy. `the first frame is not SETTINGS`: something else than gRPC. `a body of another length`: a proxy that cuts requests. Causes with `window` or `frame`: a library with a mistake.',
    fix: 'Find the client by its address (behind a load balancer, by its own log, which says that it was cut off), and bring it or the proxy up to date.',
  },
  flood: {
    what: 'A client sent far more frames or bytes than the rules allow, and was cut off.',
    why: 'A faulty client, or an attack.',
    fix: 'Find the client.',
  },
  headers_too_large: {
    what: 'The headers of a request are larger than is taken.',
    why: 'Very large tokens or baggage.',
    fix: 'Send less in headers.',
  },
  too_many_streams: {
    what: 'A gRPC client opened more calls at once than a connection may have.',
    why: 'It does not heed the limit that it was told.',
    fix: 'Raise `max_concurrent_streams`, or use more connections.',
  },
  too_many_connections: {
    what: 'A connection was closed since there are as many as are taken.',
    why: 'Clients that never close, or very many of them.',
    fix: 'Let clients keep one connection; spread them over more agents.',
  },
  internal_error: {
    what: 'A request failed by a fault of the agent; the sender got a 500.',
    why: 'A bug.',
    fix: 'Report it with the message in the answer.',
  },
}
