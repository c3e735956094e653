// The users of the server, and the pages on which they sign in, consent, enter the code
// of another device and sign out:
// plain forms, so that a browser or a test can play them.

const users = {
  alice: { password: 'Orchard-Lantern-7', name: 'Alice Peer', preferred_username: 'alice@peer.example', email: 'alice@peer.example', email_verified: true },
};

export function findAccount(ctx, id) {
  const { password, ...claims } = users[id] ?? {};
  return password && { accountId: id, claims: () => ({ sub: id, ...claims }) };
}

// What of a user may be in which token (OIDC Core §5.4). The provider keeps all but the
// subject for the userinfo endpoint, as it is made.
export const claims = { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] };

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => escapes[c]);

const page = (id, title, body) => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><main id="${id}"><h1>${title}</h1>
${body}
</main></body></html>`;

const signInPage = (client, problem) => page('peer-sign-in', 'Sign in', `
<p>to continue to ${escaped(client)}</p>${problem ? `<p role="alert">${problem}</p>` : ''}
<form method="post">
<input name="username" type="text" autocomplete="off"><input name="password" type="password" autocomplete="off">
<button name="do" value="sign-in">Sign in</button><button name="do" value="cancel">Cancel</button>
</form>`);

const consentPage = (client, scopes) => page('peer-consent', 'Consent', `
<p>${escaped(client)} asks for</p><ul id="scopes">${scopes.map((s) => `<li>${escaped(s)}</li>`).join('')}</ul>
<form method="post">
<button name="do" value="accept">Accept</button><button name="do" value="cancel">Cancel</button>
</form>`);

// form is the provider's, with the id op.logoutForm.
export function logoutSource(ctx, form) {
  ctx.body = page('peer-sign-out', 'Sign out', `${form}<button name="logout" value="yes" form="op.logoutForm">Yes, sign me out</button>`);
}

export function postLogoutSuccessSource(ctx) {
  ctx.body = page('peer-signed-out', 'You are signed out', '');
}

// The pages of the device flow. The forms are the provider's, with these ids.
export function userCodeInputSource(ctx, form, out, err) {
  ctx.body = page('peer-device-code', 'Enter the code', `${err ? `<p role="alert">${escaped(err.name)}</p>` : ''}
${form}<button form="op.deviceInputForm">Continue</button>`);
}

export function userCodeConfirmSource(ctx, form, client, deviceInfo, userCode) {
  ctx.body = page('peer-device-confirm', 'Is this your device?', `
<p>${escaped(client.clientId)} shows <code id="code">${escaped(userCode)}</code></p>
${form}<button form="op.deviceConfirmForm">Continue</button><button name="abort" value="yes" form="op.deviceConfirmForm">Cancel</button>`);
}

export function deviceSuccessSource(ctx) {
  ctx.body = page('peer-device-done', 'Go on at your device', '');
}

async function formOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

// grantFor is what the user lets the client do: what was granted before, and more.
async function grantFor(provider, { grantId, session, params, prompt: { details } }) {
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
  if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
  return grant.save();
}

// interaction answers the requests below /interaction/.
export async function interaction(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  const finish = (result, mergeWithLastSubmission) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission });
  const show = (html) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
  const { prompt, params } = details;

  const form = request.method === 'POST' ? await formOf(request) : new URLSearchParams();
  switch (form.get('do')) {
    case 'sign-in': {
      const name = form.get('username');
      if (users[name]?.password !== form.get('password')) return show(signInPage(params.client_id, 'The name or the password is wrong.'));
      return finish({ login: { accountId: name } }, false);
    }
    case 'accept':
      return finish({ consent: { grantId: await grantFor(provider, details) } }, true);
    case 'cancel':
      return finish({ error: 'access_denied', error_description: 'the user said no' }, false);
    default:
      return show(prompt.name === 'login' ? signInPage(params.client_id) : consentPage(params.client_id, params.scope.split(' ')));
  }
}
