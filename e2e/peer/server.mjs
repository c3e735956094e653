// An OpenID-certified authorization server for the end-to-end tests: oidc-provider
// over HTTPS on a free port of 127.0.0.1.
//
//   node server.mjs --cert server.pem --key server.key --clients clients.json
//                   [--path /tenant] [--token-lifetime 3600] [--scopes 'api:read api:write']
//
// clients.json is an array of registrations (RFC 7591 §2). The server offers the
// authentication methods and algorithms that occur in it and no others, so a test
// decides by its clients what the metadata say. Clients with the grant
// authorization_code sign in users (users.mjs), with PKCE, and those with the grant
// urn:ietf:params:oauth:grant-type:device_code with a code that the user enters at
// /device (RFC 8628). Each refresh token serves once, and one that comes a second time
// ends all that came of its sign-in (RFC 9700 §4.14.2).
//
// When it is ready, the server prints one line: {"issuer": "...", "port": 12345}.
// It ends when its standard input does, and so never outlives the test that holds
// the other end. Besides the provider's endpoints, all below --path, there are
//
//   GET /requests   what was asked so far: ["GET /.well-known/…", "POST /token"]
//   GET /log        what came of it: [{"event": "granted", "grant": "refresh_token", …}]
//   GET /api        a resource: 200 and whose token it is, or 401

import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';
import * as users from './users.mjs';

process.stdin.on('end', () => process.exit(0)).resume();

const { values: flags } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    clients: { type: 'string' },
    path: { type: 'string', default: '' },
    'token-lifetime': { type: 'string', default: '3600' },
    scopes: { type: 'string', default: 'api:read api:write' },
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
const scopes = flags.scopes.split(' ');
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
  scopes: ['openid', 'offline_access', ...scopes],
  claims: users.claims,
  findAccount: users.findAccount,
  cookies: { keys: [crypto.randomBytes(32).toString('hex')] },
  interactions: { url: (ctx, { uid }) => `${flags.path}/interaction/${uid}` },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: {
    ClientCredentials: tokenLifetime, AccessToken: tokenLifetime, AuthorizationCode: 60, RefreshToken: 86400,
    IdToken: 86400, // tests move the library's clock ahead of the server's
    Grant: 86400, Session: 86400, Interaction: 3600,
  },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: users.userCodeInputSource,
      userCodeConfirmSource: users.userCodeConfirmSource,
      successSource: users.deviceSuccessSource,
    },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: users.logoutSource, postLogoutSuccessSource: users.postLogoutSuccessSource },
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
  if (ctx.method !== 'POST' || !ctx.path.startsWith('/token')) return;
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
  const token = scheme === 'Bearer' && value ? await provider.ClientCredentials.find(value) ?? await provider.AccessToken.find(value) : undefined;
  if (!token) {
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    return;
  }
  answer(response, 200, { client_id: token.clientId, scope: token.scope, sub: token.accountId });
}

// The log names refresh tokens by a part of their SHA-256.
const log = [];
const note = (event, ctx, more) => {
  const { grant_type: grant, scope, refresh_token: token } = ctx.oidc.params ?? {};
  log.push({ event, grant, scope, token: token && crypto.createHash('sha256').update(token).digest('hex').slice(0, 16), ...more });
};
provider.on('grant.success', (ctx) => note('granted', ctx));
provider.on('grant.error', (ctx, err) => note('refused', ctx, { error: err.error, why: err.error_detail ?? err.error_description }));
provider.on('grant.revoked', (ctx) => note('revoked', ctx));
provider.on('end_session.success', (ctx) => note('signed out', ctx));
for (const event of ['server_error', 'authorization.error']) {
  provider.on(event, (ctx, err) => console.error(`${event}: ${err.stack} ${err.error_detail ?? ''}`));
}

const endpoints = provider.callback();
const seen = [];

server.on('request', (request, response) => {
  if (request.url === '/requests') return answer(response, 200, seen);
  if (request.url === '/log') return answer(response, 200, log);
  seen.push(`${request.method} ${request.url}`);
  if (request.url === '/api') return resource(request, response);
  if (!request.url.startsWith(`${flags.path}/`)) return answer(response, 404, { error: 'not_found' });
  if (request.url.startsWith(`${flags.path}/interaction/`)) {
    return users.interaction(provider, request, response).catch((err) => answer(response, 400, { error: err.message }));
  }
  // The provider reads from originalUrl that it is mounted below a path.
  request.originalUrl = request.url;
  request.url = request.url.slice(flags.path.length);
  return endpoints(request, response);
});

process.stdout.write(`${JSON.stringify({ issuer, port })}\n`);
