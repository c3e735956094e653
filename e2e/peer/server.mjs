// An OpenID-certified authorization server for the end-to-end tests: oidc-provider
// over HTTPS on a free port of 127.0.0.1.
//
//   node server.mjs --cert server.pem --key server.key --clients clients.json
//                   [--path /tenant] [--token-lifetime 3600]
//
// clients.json is an array of registrations (RFC 7591 §2). The server offers the
// authentication methods and algorithms that occur in it and no others, so a test
// decides by its clients what the metadata say.
//
// When it is ready, the server prints one line: {"issuer": "...", "port": 12345}.
// It ends when its standard input does, and so never outlives the test that holds
// the other end. Besides the provider's endpoints, all below --path, there are
//
//   GET /requests   what was asked so far: ["GET /.well-known/…", "POST /token"]
//   GET /api        a resource: 200 and whose token it is, or 401

import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';

process.stdin.on('end', () => process.exit(0)).resume();

const { values: flags } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    clients: { type: 'string' },
    path: { type: 'string', default: '' },
    'token-lifetime': { type: 'string', default: '3600' },
  },
});
const clients = JSON.parse(fs.readFileSync(flags.clients, 'utf8'));

// The issuer has the port in it, so the socket comes first and the provider second.
const server = https.createServer({ cert: fs.readFileSync(flags.cert), key: fs.readFileSync(flags.key) });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const issuer = `https://localhost:${port}${flags.path}`;

const signingKey = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const distinct = (member) => [...new Set(clients.map((client) => client[member]).filter(Boolean))];
const scopes = ['api:read', 'api:write'];
const tokenLifetime = Number(flags['token-lifetime']);

const provider = new Provider(issuer, {
  clients,
  clientDefaults: {
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
  },
  clientAuthMethods: distinct('token_endpoint_auth_method'),
  enabledJWA: { clientAuthSigningAlgValues: distinct('token_endpoint_auth_signing_alg') },
  jwks: { keys: [{ ...signingKey, use: 'sig', alg: 'ES256', kid: 'peer' }] },
  scopes,
  ttl: { ClientCredentials: tokenLifetime },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    // RFC 8707: a token for a named resource is a JWT with that audience, any other is opaque.
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: scopes.join(' '),
        accessTokenFormat: 'jwt',
        accessTokenTTL: tokenLifetime,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

// The provider takes either form of a secret from a client that registered one of
// them. A test should see which form was sent, so here the registered one is a must.
provider.use(async (ctx, next) => {
  await next();
  const registered = ctx.oidc?.client?.clientAuthMethod;
  const inHeader = ctx.headers.authorization !== undefined;
  if (registered && inHeader !== (registered === 'client_secret_basic')) {
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: `the client did not register ${inHeader ? 'client_secret_basic' : 'this method'}` };
  }
});

function answer(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function resource(request, response) {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ');
  const token = scheme === 'Bearer' && value ? await provider.ClientCredentials.find(value) : undefined;
  if (!token) {
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    return;
  }
  answer(response, 200, { client_id: token.clientId, scope: token.scope });
}

const endpoints = provider.callback();
const seen = [];

server.on('request', (request, response) => {
  if (request.url === '/requests') return answer(response, 200, seen);
  seen.push(`${request.method} ${request.url}`);
  if (request.url === '/api') return resource(request, response);
  if (!request.url.startsWith(`${flags.path}/`)) return answer(response, 404, { error: 'not_found' });
  // The provider reads from originalUrl that it is mounted below a path.
  request.originalUrl = request.url;
  request.url = request.url.slice(flags.path.length);
  return endpoints(request, response);
});

process.stdout.write(`${JSON.stringify({ issuer, port })}\n`);
