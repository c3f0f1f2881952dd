// The daemon's OAuth client room, driven through oauth-client, against oidc-provider (code and PKCE, rotation with family
// revocation, device code) and oauth2-mock-server (id tokens and faults of any kind). Run by tests/interop/oauth.
// Usage: node oauth.mjs OAUTH_CLIENT WORK_FOLDER
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import http from "node:http";
import readline from "node:readline";

import { OAuth2Server } from "oauth2-mock-server";
import Provider from "oidc-provider";

const [binary, work] = process.argv.slice(2);
const tenant = "22222222-2222-4222-8222-222222222222";
const scope = "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation";
const redirectUri = "http://127.0.0.1:53682/";
const paths = {
  authorize: `/${tenant}/oauth2/v2.0/authorize`,
  token: `/${tenant}/oauth2/v2.0/token`,
  device: `/${tenant}/oauth2/v2.0/devicecode`,
};
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

let passed = 0;
async function step(name, workload) {
  const begun = Date.now();
  await workload();
  passed += 1;
  console.log(`ok      ${name} (${Date.now() - begun} ms)`);
}

// ---- our client
class Client {
  constructor(setup) {
    this.process = spawn(binary, [JSON.stringify({ tenant, redirect_uri: redirectUri, ...setup })], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.lines = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }
  async do(what, more = {}) {
    this.process.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    const { value, done } = await this.lines.next();
    assert.ok(!done, "oauth-client ended");
    return JSON.parse(value);
  }
  async ok(what, more = {}) {
    const answer = await this.do(what, more);
    assert.equal(answer.ok, true, `${what}: ${JSON.stringify(answer)}`);
    return answer;
  }
  end() {
    this.process.stdin.end();
  }
}

// ---- a browser: cookies, redirects and forms
class Browser {
  cookies = new Map();
  async request(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...options, redirect: "manual", headers: { ...options.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      if (pair.slice(at + 1) === "") {
        this.cookies.delete(pair.slice(0, at));
      } else {
        this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
    }
    return response;
  }
  post(url, fields) {
    return this.request(url, { method: "POST", body: new URLSearchParams(fields) });
  }
  /// Follows redirects to the first page, or to the address of the client, which is not opened.
  async follow(response, from) {
    let url = from;
    while (response.status >= 300 && response.status < 400) {
      url = new URL(response.headers.get("location"), url).href;
      if (url.startsWith(redirectUri)) {
        return { back: new URL(url).search.slice(1) };
      }
      response = await this.request(url);
    }
    return { url, status: response.status, html: await response.text() };
  }
  async open(url) {
    return this.follow(await this.request(url), url);
  }
  /// Signs in and consents on oidc-provider's own pages.
  async signIn(page, login) {
    while (page.back === undefined && page.html.includes("/interaction/")) {
      const action = new URL(page.html.match(/action="([^"]*\/interaction\/[^"]*)"/)[1], page.url).href;
      const prompt = page.html.match(/name="prompt" value="([^"]*)"/)[1];
      page = await this.follow(await this.post(action, { prompt, login, password: "any" }), action);
    }
    return page;
  }
}

// ---- oidc-provider, at the addresses Entra has
const server = http.createServer();
const port = await listen(server);
const authority = `http://127.0.0.1:${port}`;
const client = (id, more) => ({
  client_id: id,
  redirect_uris: [redirectUri],
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
  application_type: "native",
  token_endpoint_auth_method: "none",
  ...more,
});
let tokenRequests = [];
const provider = new Provider(`${authority}/${tenant}/v2.0`, {
  clients: [
    client("public"),
    client("hasty"),
    client("web", { client_secret: "a secret + of & the = web", token_endpoint_auth_method: "client_secret_post" }),
  ],
  scopes: ["openid", "offline_access", "profile", scope],
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, preferred_username: `${sub}@contoso.example` }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  pkce: { required: () => true },
  features: { deviceFlow: { enabled: true } },
  routes: { authorization: paths.authorize, token: paths.token, device_authorization: paths.device },
  cookies: { keys: ["not secret"] },
  ttl: {
    AccessToken: 3600, IdToken: 3600, RefreshToken: 86400, Session: 3600, Interaction: 3600, Grant: 86400,
    DeviceCode: (_, __, asking) => (asking.clientId === "hasty" ? 7 : 600),
  },
});
const handle = provider.callback();
server.on("request", (request, response) => {
  if (request.url === paths.token) {
    tokenRequests.push(request.headers);
  }
  handle(request, response);
});
const notices = console.warn;
console.warn = () => {};

const refresh = async (token, id = "public") => {
  const response = await fetch(`${authority}${paths.token}`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", client_id: id, refresh_token: token }),
  });
  return { status: response.status, body: await response.json() };
};
async function signedIn(id = "public", more = {}) {
  const ours = new Client({ authority, client_id: id, ...more });
  const { url } = await ours.do("sign_in", { prompt: "consent" });
  const browser = new Browser();
  const page = await browser.signIn(await browser.open(url), "ada");
  assert.ok(page.back, JSON.stringify(page).slice(0, 2000));
  return { ours, answer: page.back };
}

await step("oidc-provider: authorization code with PKCE, nonce and iss; the grant refreshes", async () => {
  const { ours, answer } = await signedIn();
  assert.ok(new URLSearchParams(answer).get("iss"), "RFC 9207 is not exercised");
  const grant = await ours.ok("finish", { answer });
  assert.equal(grant.identity, "ada@contoso.example");
  const { token } = await ours.ok("token");
  assert.ok(token.length > 20);
  // The code is spent: a second use is refused, and by that server revokes what the first one brought.
  const again = await ours.do("finish", { answer });
  assert.equal(again.error, "invalid_grant");
  ours.end();
});

await step("oidc-provider: an answer that names another issuer, or carries another state, is refused", async () => {
  const { ours, answer } = await signedIn();
  const elsewhere = new URLSearchParams(answer);
  elsewhere.set("iss", `https://elsewhere.example/${tenant}/v2.0`);
  assert.equal((await ours.do("finish", { answer: `${elsewhere}` })).error, "issuer_mismatch");
  const forged = new URLSearchParams(answer);
  forged.set("state", `${forged.get("state").slice(0, -2)}AA`);
  assert.equal((await ours.do("finish", { answer: `${forged}` })).error, "sign_in_unknown");
  await ours.ok("finish", { answer });
  ours.end();
});

await step("oidc-provider: a person who refuses", async () => {
  const ours = new Client({ authority, client_id: "public" });
  const { url } = await ours.do("sign_in", { prompt: "consent" });
  const browser = new Browser();
  const page = await browser.open(url);
  const abort = new URL(page.html.match(/href="([^"]*\/abort)"/)[1], page.url).href;
  const { back } = await browser.open(abort);
  const refused = await ours.do("finish", { answer: back });
  assert.equal(refused.error, "access_denied");
  assert.ok(refused.fix);
  ours.end();
});

await step("oidc-provider: a code challenge that was changed on the way", async () => {
  const ours = new Client({ authority, client_id: "public" });
  const { url } = await ours.do("sign_in", { prompt: "consent" });
  const changed = new URL(url);
  changed.searchParams.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  const browser = new Browser();
  const page = await browser.signIn(await browser.open(changed.href), "ada");
  assert.equal((await ours.do("finish", { answer: page.back })).error, "invalid_grant");
  ours.end();
});

await step("oidc-provider: refresh tokens rotate, and the one before is kept until the new one has worked", async () => {
  const { ours, answer } = await signedIn();
  await ours.ok("finish", { answer });
  let last = (await ours.do("grant")).refresh_token;
  const seen = new Set();
  for (let i = 0; i < 5; ++i) {
    const { token } = await ours.ok("token");
    assert.ok(!seen.has(token));
    seen.add(token);
    const grant = await ours.do("grant");
    assert.notEqual(grant.refresh_token, last);
    assert.equal(grant.previous, last);
    last = grant.refresh_token;
    await ours.ok("reject");
  }
  ours.end();
});

await step("oidc-provider: a replayed refresh token revokes the family, and a new sign-in is asked for", async () => {
  const { ours, answer } = await signedIn();
  await ours.ok("finish", { answer });
  await ours.ok("token");
  const { previous } = await ours.do("grant");
  assert.equal((await refresh(previous)).body.error, "invalid_grant"); // a thief
  await ours.ok("reject");
  tokenRequests = [];
  const lost = await ours.do("token");
  assert.equal(lost.kind, "unauthorized");
  assert.equal(lost.error, "invalid_grant");
  assert.match(lost.fix, /login/);
  assert.equal((await ours.do("status")).state, "sign_in_required");
  const asked = tokenRequests.length;
  await ours.do("token");
  assert.equal(tokenRequests.length, asked, "a dead grant is tried again and again");
  // The same person signs in again.
  const { url } = await ours.do("sign_in", { prompt: "consent" });
  const browser = new Browser();
  const page = await browser.signIn(await browser.open(url), "ada");
  await ours.ok("finish", { answer: page.back });
  await ours.ok("token");
  assert.equal((await ours.do("status")).state, "connected");
  ours.end();
});

await step("oidc-provider: a confidential client, with its secret and with a wrong one", async () => {
  writeFileSync(`${work}/secret`, "a secret + of & the = web\n");
  const { ours, answer } = await signedIn("web", { client_secret_file: `${work}/secret` });
  await ours.ok("finish", { answer });
  await ours.ok("token");
  ours.end();
  writeFileSync(`${work}/wrong`, "another\n");
  const wrong = await signedIn("web", { client_secret_file: `${work}/wrong` });
  const refused = await wrong.ours.do("finish", { answer: wrong.answer });
  assert.equal(refused.error, "invalid_client");
  wrong.ours.end();
});

async function enterDeviceCode(shown, decision) {
  const browser = new Browser();
  const hidden = (html) => Object.fromEntries([...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, n, v]) => [n, v]));
  let page = await browser.open(shown.verification_uri);
  let fields = hidden(page.html);
  page = await browser.follow(await browser.post(shown.verification_uri, { ...fields, user_code: shown.user_code }), shown.verification_uri);
  fields = hidden(page.html);
  page = await browser.follow(
    await browser.post(shown.verification_uri, { ...fields, user_code: shown.user_code, [decision]: "yes" }), shown.verification_uri);
  if (decision === "confirm") {
    page = await browser.signIn(page, "ada");
  }
  return page;
}

for (const [id, more] of [["public", {}], ["web", { client_secret_file: `${work}/secret` }]]) {
  await step(`oidc-provider: device code of a ${id} client, pending at first`, async () => {
    const ours = new Client({ authority, client_id: id, ...more });
    const shown = await ours.do("device");
    assert.ok(shown.user_code, JSON.stringify(shown));
    assert.equal(shown.interval, 5);
    tokenRequests = [];
    const polled = ours.ok("poll");
    await new Promise((resolve) => setTimeout(resolve, 5500)); // the first poll finds it pending
    await enterDeviceCode(shown, "confirm");
    assert.equal((await polled).identity, "ada@contoso.example");
    assert.ok(tokenRequests.length >= 2, "it never was pending");
    await ours.ok("token");
    ours.end();
  });
}

await step("oidc-provider: a device code that is declined, and one that expires", async () => {
  const ours = new Client({ authority, client_id: "public" });
  const late = new Client({ authority, client_id: "hasty" });
  const shown = await ours.do("device");
  const polled = ours.do("poll");
  await late.do("device");
  const expired = late.do("poll");
  await enterDeviceCode(shown, "abort");
  assert.equal((await polled).error, "access_denied");
  assert.equal((await expired).error, "expired_token");
  ours.end();
  late.end();
});
server.close();
server.closeAllConnections();
console.warn = notices;

// ---- oauth2-mock-server: what its tokens and answers say is for the test to choose
const mock = new OAuth2Server(undefined, undefined, { endpoints: { authorize: paths.authorize, token: paths.token } });
await mock.issuer.keys.generate("RS256");
await mock.start(0, "127.0.0.1");
const mockAuthority = `http://127.0.0.1:${mock.address().port}`;
const claims = { tid: tenant, oid: "33333333-3333-4333-8333-333333333333", preferred_username: "bo@contoso.example" };
async function mockSignIn(ours, sign) {
  const decide = (token) => Object.assign(token.payload, claims, sign);
  mock.service.on("beforeTokenSigning", decide);
  const { url } = await ours.do("sign_in");
  const { back } = await new Browser().open(url);
  const outcome = await ours.do("finish", { answer: back });
  mock.service.off("beforeTokenSigning", decide);
  return outcome;
}
const answers = (change, times = 1) => {
  let left = times;
  const handler = (response) => {
    if (left > 0) {
      left -= 1;
      change(response);
    }
  };
  mock.service.on("beforeResponse", handler);
  return () => mock.service.off("beforeResponse", handler);
};

await step("oauth2-mock-server: authorization code, PKCE, id token, refresh", async () => {
  const ours = new Client({ authority: mockAuthority, client_id: "app" });
  const outcome = await mockSignIn(ours, {});
  assert.equal(outcome.ok, true, JSON.stringify(outcome));
  assert.equal(outcome.identity, "bo@contoso.example");
  await ours.ok("token");
  await ours.ok("reject");
  await ours.ok("token");
  ours.end();
});

await step("oauth2-mock-server: an id token of another sign-in, application or tenant is refused", async () => {
  const ours = new Client({ authority: mockAuthority, client_id: "app" });
  assert.equal((await mockSignIn(ours, { nonce: "of another sign-in" })).error, "nonce_mismatch");
  assert.equal((await mockSignIn(ours, { aud: "another application" })).error, "audience_mismatch");
  assert.equal((await mockSignIn(ours, { tid: "99999999-9999-4999-8999-999999999999" })).error, "tenant_mismatch");
  assert.equal((await ours.do("grant")).error, "no_grant");
  ours.end();
});

await step("oauth2-mock-server: lifetimes as text, no new refresh token, an answer that is no JSON", async () => {
  const ours = new Client({ authority: mockAuthority, client_id: "app" });
  assert.equal((await mockSignIn(ours, {})).ok, true);
  const { refresh_token: first } = await ours.do("grant");
  let stop = answers((response) => {
    response.body.expires_in = "3600";
    delete response.body.refresh_token;
  });
  await ours.ok("token");
  stop();
  assert.equal((await ours.do("grant")).refresh_token, first, "the old one stays in use");
  await ours.ok("reject");
  stop = answers((response) => {
    response.body = "<html>gateway</html>";
  });
  assert.equal((await ours.do("token")).kind, "protocol");
  stop();
  ours.end();
});

await step("oauth2-mock-server: a fault is met with one more attempt, a claims demand is kept for the next sign-in", async () => {
  const ours = new Client({ authority: mockAuthority, client_id: "app" });
  assert.equal((await mockSignIn(ours, {})).ok, true);
  let stop = answers((response) => {
    response.statusCode = 503;
    response.body = {};
  });
  await ours.ok("token");
  stop();
  await ours.ok("reject");
  const wanted = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  stop = answers((response) => {
    response.statusCode = 400;
    response.body = { error: "interaction_required", error_description: "AADSTS50076: MFA.", suberror: "basic_action", claims: wanted };
  });
  const refused = await ours.do("token");
  stop();
  assert.equal(refused.error, "AADSTS50076");
  assert.equal((await ours.do("grant")).sign_in_claims, wanted);
  ours.end();
});

await step("oauth2-mock-server: a claims challenge goes to the token endpoint with the next refresh, once", async () => {
  const ours = new Client({ authority: mockAuthority, client_id: "app" });
  assert.equal((await mockSignIn(ours, {})).ok, true);
  await ours.ok("token");
  const wanted = { access_token: { nbf: { essential: true, value: "1795500000" } } };
  const header = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(JSON.stringify(wanted)).toString("base64")}"`;
  const asked = [];
  const listener = (_, request) => asked.push(JSON.parse(request.body.claims));
  mock.service.on("beforeResponse", listener);
  // Its tokens of one second are all the same, and one that comes again is not asked for a third time.
  const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100));
  await nextSecond();
  await ours.ok("challenge", { header });
  await ours.ok("token");
  await nextSecond();
  await ours.ok("reject");
  await ours.ok("token");
  mock.service.off("beforeResponse", listener);
  assert.deepEqual(asked[0].access_token.nbf, wanted.access_token.nbf);
  assert.deepEqual(asked[0].access_token.xms_cc, { values: ["cp1"] });
  assert.equal(asked[1].access_token.nbf, undefined);
  ours.end();
});
await mock.stop();
console.log(`${passed} passed`);
