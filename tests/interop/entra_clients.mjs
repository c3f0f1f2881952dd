// Microsoft's own clients, @azure/msal-node and @azure/identity, get tokens from the simulator's Entra side: a simulator that
// strays from what they expect of Entra fails here. Run by tests/interop/entra_clients.
// Usage: NODE_EXTRA_CA_CERTS=CA.pem node entra_clients.mjs SETUP-AS-JSON
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import {
  AuthorizationCodeCredential,
  ClientAssertionCredential,
  ClientSecretCredential,
  DeviceCodeCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from "@azure/identity";
import {
  ConfidentialClientApplication,
  InteractionRequiredAuthError,
  LogLevel,
  ManagedIdentityApplication,
  PublicClientApplication,
} from "@azure/msal-node";
import { writeFileSync } from "node:fs";

const setup = JSON.parse(process.argv[2]);
const { simulator, plain, world, only, work } = setup;
const kResource = "499b84ac-1321-427f-aa17-267ca6975798";
const kScope = `${kResource}/.default`;
const kDelegated = `${kResource}/user_impersonation`;
const kExchange = "api://AzureADTokenExchange";
const host = new URL(simulator).host;
const application = (name) => {
  const found = world.applications.find((candidate) => candidate.name === name);
  assert.ok(found, `the simulator has no application ${name}`);
  return found;
};
const agent = application("Contoso Agent");
const person = application("Contoso Agent Sign-in");

async function admin(path, body) {
  const response = await fetch(`${simulator}/__sim/${path}`, body && { method: "POST", body: JSON.stringify(body) });
  assert.equal(response.status, 200, `${path}: ${response.status}`);
  return response.json();
}
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const authority = (tenant) => `${simulator}/${tenant}`;
const base = (tenant, extra = {}) => ({
  auth: { authority: authority(tenant), knownAuthorities: [host], ...extra },
  system: { loggerOptions: { logLevel: LogLevel.Error, loggerCallback: () => {} } },
});
const identityOptions = { authorityHost: simulator, disableInstanceDiscovery: true };

let passed = 0;
async function step(name, workload) {
  const begun = Date.now();
  await workload();
  passed += 1;
  console.log(`ok      ${name} (${Date.now() - begun} ms)`);
}

// The sources of managed identity are read from the environment once a process: each has one of its own.
if (only) {
  const source = {
    async app_service_msal() {
      const client = new ManagedIdentityApplication({
        managedIdentityIdParams: { userAssignedClientId: world.managed_identity_client_id },
      });
      assert.equal(client.getManagedIdentitySource(), "AppService");
      return (await client.acquireToken({ resource: kResource })).accessToken;
    },
    async imds_msal() {
      const client = new ManagedIdentityApplication({
        managedIdentityIdParams: { userAssignedClientId: world.managed_identity_client_id },
      });
      assert.equal(client.getManagedIdentitySource(), "DefaultToImds");
      return (await client.acquireToken({ resource: kResource })).accessToken;
    },
    async imds_by_object() {
      const client = new ManagedIdentityApplication({
        managedIdentityIdParams: { userAssignedObjectId: world.managed_identity_principal_id },
      });
      return (await client.acquireToken({ resource: kResource })).accessToken;
    },
    async imds_by_resource() {
      const client = new ManagedIdentityApplication({
        managedIdentityIdParams: { userAssignedResourceId: world.managed_identity_resource_id },
      });
      return (await client.acquireToken({ resource: kResource })).accessToken;
    },
    async app_service_identity() {
      const credential = new ManagedIdentityCredential({ clientId: world.managed_identity_client_id });
      return (await credential.getToken(kScope)).token;
    },
    async imds_identity() {
      const credential = new ManagedIdentityCredential({ clientId: world.managed_identity_client_id });
      return (await credential.getToken(kScope)).token;
    },
    async unknown_identity() {
      const client = new ManagedIdentityApplication({ managedIdentityIdParams: { userAssignedClientId: "nobody" } });
      await assert.rejects(client.acquireToken({ resource: kResource }), /Identity not found|invalid_request/i);
      return null;
    },
  }[only];
  const token = await source();
  if (token !== null) {
    const claims = claimsOf(token);
    assert.equal(claims.aud, kResource);
    assert.equal(claims.idtyp, "app");
    assert.equal(claims.oid, world.managed_identity_principal_id);
  }
  process.exit(0);
}

function inItsOwnProcess(name, environment) {
  const own = JSON.stringify({ ...setup, only: name });
  const run = spawnSync(process.execPath, [process.argv[1], own], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(run.status, 0, `${name}: ${run.stdout}${run.stderr}`);
}

// ---- client assertions: the managed identity's token for the exchange, then the token in the other tenant
const assertion = async () => (await admin("assertion")).assertion;

await step("msal-node: client assertion across tenants", async () => {
  const client = new ConfidentialClientApplication(
    base(world.customer_tenant_id, { clientId: agent.client_id, clientAssertion: assertion }),
  );
  const result = await client.acquireTokenByClientCredential({ scopes: [kScope] });
  const claims = claimsOf(result.accessToken);
  assert.equal(claims.tid, world.customer_tenant_id);
  assert.equal(claims.azp, agent.client_id);
  assert.ok(result.expiresOn > new Date());
  const again = await client.acquireTokenByClientCredential({ scopes: [kScope] });
  assert.equal(again.fromCache, true);
});

await step("@azure/identity: client assertion across tenants", async () => {
  const credential = new ClientAssertionCredential(world.customer_tenant_id, agent.client_id, assertion, identityOptions);
  const token = await credential.getToken(kScope);
  assert.equal(claimsOf(token.token).tid, world.customer_tenant_id);
  assert.ok(token.expiresOnTimestamp > Date.now());
});

await step("@azure/identity: workload identity from a token file", async () => {
  const file = `${work}/federated-token`;
  writeFileSync(file, await assertion());
  const credential = new WorkloadIdentityCredential({
    tenantId: world.customer_tenant_id, clientId: agent.client_id, tokenFilePath: file, ...identityOptions,
  });
  assert.equal(claimsOf((await credential.getToken(kScope)).token).azp, agent.client_id);
});

await step("both: a federated credential that does not match is refused as by Entra", async () => {
  const wrong = async () => (await admin("assertion", { subject: "somebody-else" })).assertion;
  const client = new ConfidentialClientApplication(
    base(world.customer_tenant_id, { clientId: agent.client_id, clientAssertion: wrong }),
  );
  await assert.rejects(client.acquireTokenByClientCredential({ scopes: [kScope] }), (error) => {
    assert.equal(error.errorCode, "invalid_client");
    assert.match(error.errorMessage, /AADSTS700213/);
    assert.match(error.correlationId, /^[0-9a-f-]{36}$/);
    return true;
  });
  const credential = new ClientAssertionCredential(world.customer_tenant_id, agent.client_id, wrong, identityOptions);
  await assert.rejects(credential.getToken(kScope), /AADSTS700213/);
});

await step("@azure/identity: a client secret, right and wrong", async () => {
  const secret = new ClientSecretCredential(world.customer_tenant_id, agent.client_id, agent.secret, identityOptions);
  assert.ok((await secret.getToken(kScope)).token);
  const wrong = new ClientSecretCredential(world.customer_tenant_id, agent.client_id, "wrong", identityOptions);
  await assert.rejects(wrong.getToken(kScope), /AADSTS7000215/);
});

// ---- managed identity
const appService = { IDENTITY_ENDPOINT: `${plain}/msi/token`, IDENTITY_HEADER: "simulated-identity-header" };
const imds = { AZURE_POD_IDENTITY_AUTHORITY_HOST: plain };
await step("msal-node: managed identity, App Service", () => inItsOwnProcess("app_service_msal", appService));
await step("@azure/identity: managed identity, App Service", () => inItsOwnProcess("app_service_identity", appService));
await step("msal-node: managed identity, IMDS by client id", () => inItsOwnProcess("imds_msal", imds));
await step("msal-node: managed identity, IMDS by object id", () => inItsOwnProcess("imds_by_object", imds));
await step("msal-node: managed identity, IMDS by resource id", () => inItsOwnProcess("imds_by_resource", imds));
await step("@azure/identity: managed identity, IMDS", () => inItsOwnProcess("imds_identity", imds));
await step("msal-node: an identity that is not on this host", () => inItsOwnProcess("unknown_identity", imds));

// ---- device code
await step("msal-node: device code", async () => {
  await admin("device/auto", { polls: -1, interval_s: 1 });
  const client = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
  const result = await client.acquireTokenByDeviceCode({
    scopes: [kDelegated],
    deviceCodeCallback: (shown) => {
      assert.match(shown.userCode, /^[A-Z0-9]{9}$/);
      setTimeout(() => admin("device/approve", { user_code: shown.userCode, user: "ada" }), 1500);
    },
  });
  assert.equal(claimsOf(result.accessToken).scp, "user_impersonation");
  assert.equal(result.account.tenantId, world.home_tenant_id);
  const silent = await client.acquireTokenSilent({ account: result.account, scopes: [kDelegated], forceRefresh: true });
  assert.equal(silent.fromCache, false);
  assert.notEqual(silent.accessToken, result.accessToken);
});

await step("@azure/identity: device code, approved and declined", async () => {
  const credential = (outcome) =>
    new DeviceCodeCredential({
      tenantId: world.home_tenant_id, clientId: person.client_id, ...identityOptions,
      userPromptCallback: (shown) => void admin(`device/${outcome}`, { user_code: shown.userCode, user: "ada" }),
    });
  assert.ok((await credential("approve").getToken(kDelegated)).token);
  await assert.rejects(credential("decline").getToken(kDelegated), /declined|denied/i);
});

// ---- authorization code with PKCE, as their clients send it and with the browser's part played here
const redirectUri = "http://localhost:53682";
async function visit(url) {
  const response = await fetch(url, { redirect: "manual" });
  if (response.status === 302) {
    return new URL(response.headers.get("location")).searchParams;
  }
  assert.equal(response.status, 200, await response.clone().text());
  const values = new URLSearchParams();
  for (const [, name, value] of (await response.text()).matchAll(/name="([^"]+)" value="([^"]*)"/g)) {
    values.set(name, value);
  }
  return values;
}
function pkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

for (const responseMode of ["query", "form_post"]) {
  await step(`msal-node: authorization code by ${responseMode}, refreshed and moved to another tenant`, async () => {
    const client = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
    const { verifier, challenge } = pkce();
    const nonce = randomBytes(16).toString("hex");
    const url = await client.getAuthCodeUrl({
      scopes: [kDelegated], redirectUri, responseMode, state: "opaque", nonce, prompt: "select_account", loginHint: "ada",
      codeChallenge: challenge, codeChallengeMethod: "S256",
    });
    const answer = await visit(url);
    assert.equal(answer.get("state"), "opaque");
    const request = { scopes: [kDelegated], redirectUri, code: answer.get("code"), codeVerifier: verifier, nonce };
    const result = await client.acquireTokenByCode(request);
    assert.equal(result.idTokenClaims.nonce, nonce);
    assert.ok(result.account.homeAccountId.endsWith(world.home_tenant_id));
    await assert.rejects(client.acquireTokenByCode(request), /AADSTS54005/);

    const fresh = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
    const another = await visit(await fresh.getAuthCodeUrl({ scopes: [kDelegated], redirectUri, nonce, loginHint: "ada" ,
      codeChallenge: challenge, codeChallengeMethod: "S256" }));
    const signedIn = await fresh.acquireTokenByCode(
      { scopes: [kDelegated], redirectUri, code: another.get("code"), codeVerifier: verifier, nonce },
    );
    const guest = await fresh.acquireTokenSilent({
      account: signedIn.account, scopes: [kDelegated], authority: authority(world.customer_tenant_id), forceRefresh: true,
    });
    assert.equal(claimsOf(guest.accessToken).tid, world.customer_tenant_id);
  });
}

await step("msal-node: the whole interactive flow with its own loopback listener", async () => {
  const client = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
  const result = await client.acquireTokenInteractive({
    scopes: [kDelegated],
    loginHint: "ada",
    openBrowser: async (url) => {
      const target = new URL(url).searchParams.get("redirect_uri");
      const answer = await visit(url);
      const posted = new URL(url).searchParams.get("response_mode") === "form_post";
      const back = posted
        ? await fetch(target, { method: "POST", body: answer })
        : await fetch(`${target}?${answer}`);
      assert.ok(back.status < 400, `${back.status}`);
    },
  });
  assert.equal(result.account.tenantId, world.home_tenant_id);
});

await step("msal-node: a PKCE verifier that does not match", async () => {
  const client = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
  const answer = await visit(
    await client.getAuthCodeUrl({ scopes: [kDelegated], redirectUri, codeChallenge: pkce().challenge, codeChallengeMethod: "S256" }),
  );
  await assert.rejects(
    client.acquireTokenByCode({ scopes: [kDelegated], redirectUri, code: answer.get("code"), codeVerifier: pkce().verifier }),
    /AADSTS501481/,
  );
});

await step("@azure/identity: authorization code of a confidential client", async () => {
  const web = world.applications.find((candidate) => candidate.secret && candidate.redirect_uris.length > 0);
  assert.ok(web, "the simulator has no web application");
  const uri = web.redirect_uris[0];
  const url = `${authority(world.home_tenant_id)}/oauth2/v2.0/authorize?client_id=${web.client_id}&response_type=code` +
    `&redirect_uri=${encodeURIComponent(uri)}&scope=${encodeURIComponent(`${kDelegated} openid offline_access`)}&state=s&login_hint=ada`;
  const code = (await visit(url)).get("code");
  const credential = new AuthorizationCodeCredential(world.home_tenant_id, web.client_id, web.secret, code, uri, identityOptions);
  assert.equal(claimsOf((await credential.getToken(kDelegated)).token).scp, "user_impersonation");
});

// ---- errors that ask for the person
await step("msal-node: a refresh that needs the person carries the claims to ask for", async () => {
  const client = new PublicClientApplication(base(world.home_tenant_id, { clientId: person.client_id }));
  const { verifier, challenge } = pkce();
  const answer = await visit(await client.getAuthCodeUrl({ scopes: [kDelegated], redirectUri, loginHint: "ada",
    codeChallenge: challenge, codeChallengeMethod: "S256" }));
  const { account } = await client.acquireTokenByCode({ scopes: [kDelegated], redirectUri, code: answer.get("code"), codeVerifier: verifier });
  await admin("faults", { match: { route: "entra.token" }, action: "aadsts", code: 50076 });
  let claims;
  await assert.rejects(client.acquireTokenSilent({ account, scopes: [kDelegated], forceRefresh: true }), (error) => {
    assert.ok(error instanceof InteractionRequiredAuthError, error.name);
    assert.equal(error.subError, "basic_action");
    assert.equal(Number(error.errorNo), 50076);
    claims = error.claims;
    return true;
  });
  assert.ok(JSON.parse(claims).access_token);
  // With them in the request the authority is satisfied.
  const again = await visit(await client.getAuthCodeUrl({ scopes: [kDelegated], redirectUri, loginHint: "ada", claims,
    codeChallenge: challenge, codeChallengeMethod: "S256" }));
  const result = await client.acquireTokenByCode({ scopes: [kDelegated], redirectUri, claims, code: again.get("code"), codeVerifier: verifier });
  assert.ok(result.accessToken);
  await admin("tokens", { revoke_grant: 1 });
  await assert.rejects(
    client.acquireTokenSilent({ account: result.account, scopes: [kDelegated], forceRefresh: true }),
    (error) => error instanceof InteractionRequiredAuthError && /AADSTS50173/.test(error.message),
  );
});

console.log(`${passed} passed`);
