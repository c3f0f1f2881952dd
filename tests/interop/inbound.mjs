// What clients and strangers meet at the door when inbound.mode is entra. Run by tests/interop/inbound.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, createPublicKey } from "node:crypto";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import https from "node:https";
import http from "node:http";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Events, OAuth2Server } from "oauth2-mock-server";

const setup = JSON.parse(process.argv[2]);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const step = async (name, work) => {
  const begun = Date.now();
  await work();
  console.log(`ok      ${name} (${Date.now() - begun} ms)`);
};
const kAudience = "https://azuresre.dev";
const kTenant = "11111111-2222-3333-4444-555555555555";
const kPerson = "99999999-8888-7777-6666-555555555555";

// ---- issuers
/** The documents an issuer was asked for, counted. */
const count = (server) => {
  const asked = { metadata: 0 };
  server.service.on(Events.BeforeWellKnownOpenIdConfiguration, () => {
    asked.metadata += 1;
  });
  return asked;
};
async function startIssuer({ tls = true, port = 0, keys = [], endpoints } = {}) {
  const options = endpoints ? { endpoints } : undefined;
  const server = tls ? new OAuth2Server(setup.key, setup.certificate, options) : new OAuth2Server(undefined, undefined, options);
  for (const key of keys) {
    await server.issuer.keys.add(key);
  }
  if (keys.length === 0) {
    await server.issuer.keys.generate("RS256");
  }
  await server.start(port, "127.0.0.1");
  return server;
}
/** A token as the issuer's own signing makes it; `claims` go over the usual ones, undefined takes one away. */
function mint(server, claims = {}, kid = undefined) {
  const scopesOrTransform = (_header, payload) => {
    Object.assign(payload, { sub: "robot", aud: kAudience, roles: ["SREAgent.User"], ...claims });
    for (const [name, value] of Object.entries(payload)) {
      if (value === undefined) {
        delete payload[name];
      }
    }
  };
  return server.issuer.buildToken({ kid, scopesOrTransform });
}

// ---- daemons
const daemons = [];
process.on("exit", () => daemons.forEach((child) => child.kill("SIGKILL")));
process.on("SIGTERM", () => process.exit(1)); // out of time
async function startDaemon(name, entra, limits = {}, authority = undefined) {
  const file = `${setup.work}/config-${name}.yaml`;
  const text = readFileSync(setup.config, "utf8").replace(/^inbound:.*(\n[ \t]+.*)*/m, "").replace(/^limits:.*(\n[ \t]+.*)*/m, "");
  let config = `${text}\ninbound: ${JSON.stringify({ mode: "entra", entra })}\nlimits: ${JSON.stringify(limits)}\n`;
  config = config.replace(/sqlite:(\S*)\/state\.db/, `sqlite:$1/${name}.db`);
  if (authority !== undefined) {
    config = config.replace(/(authority:\s*)\S+/, `$1${authority}`);
  }
  writeFileSync(file, config);
  const child = spawn(setup.binary, ["serve", "--config", file], { stdio: ["ignore", "ignore", "pipe"] });
  daemons.push(child);
  const log = createWriteStream(`${setup.work}/daemon-${name}.log`);
  const listen = await new Promise((resolve, reject) => {
    let seen = "";
    child.stderr.on("data", (piece) => {
      log.write(piece);
      seen += piece;
      const ready = seen.split("\n").find((line) => line.includes('"daemon.ready"') && line.endsWith("}"));
      if (ready) {
        resolve(JSON.parse(ready).listen);
      }
      seen = seen.slice(seen.lastIndexOf("\n", seen.length - 2) + 1);
    });
    child.on("exit", (code, signal) => reject(new Error(`the daemon ended with ${code ?? signal}`)));
    setTimeout(() => reject(new Error("the daemon did not start")), 30_000);
  });
  return `http://${listen}`;
}

// ---- requests
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
function send(base, path, { method = "GET", token, headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const all = { ...headers };
    if (token !== undefined) {
      all.Authorization = `Bearer ${token}`;
    }
    if (body !== undefined) {
      all["Content-Type"] = "application/json";
      all["Content-Length"] = Buffer.byteLength(body);
    }
    const request = http.request(`${base}${path}`, { method, headers: all, agent }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
function call(base, token, name, args = {}) {
  const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args, _meta: meta } });
  const headers = { Accept: "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name };
  return send(base, "/mcp", { method: "POST", token, headers, body });
}
const list = (base, token) => call(base, token, "list_organizations");
const fetchIssuer = (url, options = {}, body = undefined) =>
  new Promise((resolve, reject) => {
    const request = https.request(url, { ...options, ca: readFileSync(setup.certificate) }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve(JSON.parse(text)));
    });
    request.on("error", reject);
    request.end(body);
  });
const parameter = (challenge, name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];

// ---- the steps
let issuer = await startIssuer();
const asked = count(issuer);
const port = issuer.address().port;
const url = issuer.issuer.url;
const entra = { issuer: url, audience: kAudience, scopes: { "mcp:tools": "user", "mcp:admin": "administrator" } };
const firstKid = issuer.issuer.keys.toJSON()[0].kid;
const base = await startDaemon("issuer", entra, { inbound_keys_refetch_ms: 100, inbound_keys_refresh_ms: 1000 });

await step("a client without a token finds its way to one", async () => {
  const refused = await list(base, undefined);
  assert.equal(refused.status, 401);
  const challenge = refused.headers["www-authenticate"];
  assert.match(challenge, /^Bearer /);
  assert.equal(parameter(challenge, "scope"), "mcp:tools");
  const place = parameter(challenge, "resource_metadata");
  assert.equal(place, `${base}/.well-known/oauth-protected-resource/mcp`);
  const metadata = JSON.parse((await send("", place)).text);
  assert.equal(metadata.resource, `${base}/mcp`);
  assert.deepEqual(metadata.authorization_servers, [url]);
  const found = await fetchIssuer(`${metadata.authorization_servers[0]}/.well-known/openid-configuration`);
  issuer.service.once(Events.BeforeTokenSigning, (token) => Object.assign(token.payload, { sub: "robot", roles: ["user"] }));
  const body = new URLSearchParams({ grant_type: "client_credentials", scope: parameter(challenge, "scope"), aud: kAudience }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length };
  const granted = await fetchIssuer(found.token_endpoint, { method: "POST", headers }, body);
  const answer = await list(base, granted.access_token);
  assert.equal(answer.status, 200, answer.text);
});

await step("the MCP SDK's client works with such a token", async () => {
  const client = new Client({ name: "inbound", version: "1" });
  const requestInit = { headers: { Authorization: `Bearer ${await mint(issuer)}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`), { requestInit }));
  assert.ok((await client.listTools()).tools.length >= 4);
  const listed = await client.callTool({ name: "list_organizations", arguments: {} });
  assert.ok(listed.structuredContent.organizations.length > 0);
  await client.close();
});

await step("roles decide about tools and routes", async () => {
  const write = { organization: setup.organization, project: setup.project, type: "Task", title: "inbound", validate_only: true };
  const reader = await mint(issuer, { roles: ["SRE Agent Reader"] });
  const user = await mint(issuer, { roles: ["SRE Agent Standard User"] });
  const administrator = await mint(issuer, { roles: ["SREAgent.Admin"] });
  for (const token of [reader, user, administrator]) {
    assert.equal((await list(base, token)).status, 200);
    const answer = await call(base, token, "create_work_item", write);
    assert.equal(answer.text.includes("role_insufficient"), token === reader, answer.text);
    const removal = await send(base, "/api/v1/azuredevops/auth/nowhere", { method: "DELETE", token });
    assert.equal(removal.status === 403, token !== administrator, removal.text);
    if (removal.status === 403) {
      assert.equal(parameter(removal.headers["www-authenticate"], "error"), "insufficient_scope");
      assert.equal(parameter(removal.headers["www-authenticate"], "scope"), "mcp:admin");
    }
  }
  const limited = await mint(issuer, { roles: ["SREAgent.Admin"], scope: "mcp:tools" });
  assert.equal((await send(base, "/api/v1/azuredevops/auth/nowhere", { method: "DELETE", token: limited })).status, 403);
  for (const nothing of [{ roles: undefined }, { roles: ["Owner"] }, { scope: "openid" }]) {
    const refused = await list(base, await mint(issuer, nothing));
    assert.equal(refused.status, 403, JSON.stringify(nothing));
    assert.equal(parameter(refused.headers["www-authenticate"], "error"), "insufficient_scope");
  }
});

await step("what the issuer did not sign for this server is refused", async () => {
  const stranger = await startIssuer();
  stranger.issuer.url = url;
  const now = Math.floor(Date.now() / 1000);
  const good = await mint(issuer);
  const [header, payload, signature] = good.split(".");
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const published = issuer.issuer.keys.toJSON().find((key) => key.kid === firstKid);
  const pem = createPublicKey({ key: published, format: "jwk" }).export({ type: "spki", format: "pem" });
  const hs256 = `${encode({ alg: "HS256", kid: published.kid })}.${payload}`;
  await issuer.issuer.keys.generate("ES256", { kid: "curve" });
  await issuer.issuer.keys.generate("PS256", { kid: "pss" });
  const tokens = {
    "another issuer's key": await mint(stranger),
    "another issuer": await mint(issuer, { iss: "https://localhost" }),
    "a slash behind the issuer": await mint(issuer, { iss: `${url}/` }),
    "another audience": await mint(issuer, { aud: "https://graph.example" }),
    "no audience": await mint(issuer, { aud: undefined }),
    expired: await mint(issuer, { exp: now - 200 }),
    "no end": await mint(issuer, { exp: undefined }),
    "not yet": await mint(issuer, { nbf: now + 600 }),
    "an id token": await mint(issuer, { nonce: "n" }),
    "ES256, which is not allowed": await mint(issuer, {}, "curve"),
    "PS256, which is not allowed": await mint(issuer, {}, "pss"),
    "no signature": `${encode({ alg: "none", kid: published.kid })}.${payload}.`,
    "the public key as a secret": `${hs256}.${createHmac("sha256", pem).update(hs256).digest("base64url")}`,
    "another payload": `${header}.${encode({ iss: url, aud: kAudience, exp: now + 600, sub: "x", roles: ["SREAgent.Admin"] })}.${signature}`,
    "half a signature": `${header}.${payload}.${signature.slice(0, 100)}`,
    "an agent token": `adoc_0123456789ab_${"A".repeat(43)}`,
  };
  for (const [name, token] of Object.entries(tokens)) {
    const refused = await list(base, token);
    assert.equal(refused.status, 401, `${name}: ${refused.text}`);
    assert.equal(parameter(refused.headers["www-authenticate"], "error"), "invalid_token", name);
  }
  assert.equal((await list(base, good)).status, 200);
  await stranger.stop();
});

await step("a roll-over of the keys under load: no request is refused", async () => {
  // The step before showed unknown keys: the next fetch for one is due only after inbound_keys_refetch_ms.
  await sleep(200);
  let token = await mint(issuer, {}, firstKid);
  const before = token;
  let running = true;
  let served = 0;
  const workers = Array.from({ length: 4 }, async () => {
    while (running) {
      const answer = await list(base, token);
      assert.equal(answer.status, 200, answer.text);
      served += 1;
    }
  });
  for (let round = 0; round < 5; round += 1) {
    const kid = `rolled-${round}`;
    await issuer.issuer.keys.generate("RS256", { kid });
    token = await mint(issuer, { round }, kid);
    const answer = await list(base, token);
    assert.equal(answer.status, 200, `the first token of ${kid}: ${answer.text}`);
    await sleep(250);
  }
  assert.equal((await list(base, before)).status, 200, "the old keys are still published");
  running = false;
  await Promise.all(workers);
  assert.ok(served > 20, `${served}`);
  console.log(`        ${served} requests served`);
});

await step("keys outlive an issuer that is down", async () => {
  const keys = issuer.issuer.keys.toJSON(true);
  const token = await mint(issuer, {}, "rolled-4");
  const kept = { keys: keys.filter((key) => key.kid === "rolled-4"), token, old: await mint(issuer, {}, "rolled-0") };
  await issuer.stop();
  const end = Date.now() + 2500;
  while (Date.now() < end) {
    assert.equal((await list(base, token)).status, 200);
    await sleep(100);
  }
  const unknown = await mint(await startIssuer());
  assert.equal((await list(base, unknown)).status, 401, "of another issuer");
  // It comes back with the last of its keys only.
  issuer = await startIssuer({ port, keys: kept.keys });
  assert.equal((await list(base, await mint(issuer, { again: true }))).status, 200);
  for (let i = 0; i < 100 && (await list(base, kept.old)).status !== 401; i += 1) {
    await sleep(100);
  }
  assert.equal((await list(base, kept.old)).status, 401, "a key that was withdrawn is good no more");
  assert.equal((await list(base, kept.token)).status, 200);
});

await step("a flood of invented keys reaches the issuer once", async () => {
  const patient = await startDaemon("patient", entra);
  assert.equal((await list(patient, await mint(issuer))).status, 200);
  const flooded = count(issuer);
  const [, payload, signature] = (await mint(issuer)).split(".");
  await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: `invented-${i}` })).toString("base64url");
      assert.equal((await list(patient, `${header}.${payload}.${signature}`)).status, 401);
    }),
  );
  // The other daemon asks once a second; this one once.
  const others = 10;
  assert.ok(flooded.metadata >= 1 && flooded.metadata <= 1 + others, `${flooded.metadata}`);
});

await step("tokens in the form of Entra's, from an authority on loopback", async () => {
  const place = `/${kTenant}/v2.0`;
  const endpoints = { wellKnownDocument: `${place}/.well-known/openid-configuration`, jwks: "/keys" };
  const authority = await startIssuer({ tls: false, endpoints });
  const root = authority.issuer.url;
  authority.issuer.url = `${root}${place}`;
  authority.service.on(Events.BeforeWellKnownOpenIdConfiguration, ({ body }) => {
    body.jwks_uri = `${root}/keys`;
  });
  const tenant = await startDaemon("tenant", { tenant: kTenant, audience: kPerson, loopback_http: true }, {}, root);
  const claims = { tid: kTenant, oid: kPerson, sub: "pairwise", aud: kPerson, scp: "user_impersonation", ver: "2.0" };
  assert.equal((await list(tenant, await mint(authority, claims))).status, 200);
  assert.equal((await list(tenant, await mint(authority, { ...claims, aud: `api://${kPerson}` }))).status, 200);
  const alone = { ...claims, scp: undefined, idtyp: "app" };
  assert.equal((await list(tenant, await mint(authority, alone))).status, 200);
  assert.equal((await list(tenant, await mint(authority, { ...claims, scp: undefined }))).status, 403, "an id token's claims");
  assert.equal((await list(tenant, await mint(authority, { ...claims, tid: kPerson }))).status, 401);
  assert.equal((await list(tenant, await mint(authority, { ...claims, oid: undefined }))).status, 401);
  assert.equal((await list(tenant, await mint(authority, { ...claims, iss: `${root}/${kPerson}/v2.0` }))).status, 401);
  const metadata = JSON.parse((await send(tenant, "/.well-known/oauth-protected-resource/mcp")).text);
  assert.deepEqual(metadata.scopes_supported, [`api://${kPerson}/user_impersonation`]);
  assert.deepEqual(metadata.authorization_servers, [`${root}${place}`]);
  await authority.stop();
});

assert.ok(asked.metadata >= 1);
process.exit(0);
