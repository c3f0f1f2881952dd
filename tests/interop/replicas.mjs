// What a client notices of restarts and of replicas: nothing. Run by tests/interop/replicas.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";

const setup = JSON.parse(process.argv[2]);
const { organization, project, query, token } = setup;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let passed = 0;
const step = async (name, work) => {
  const begun = Date.now();
  await work();
  passed += 1;
  console.log(`ok      ${name} (${Date.now() - begun} ms)`);
};

// ---- requests by hand
const kModern = "2026-07-28";
const kCapabilities = "io.modelcontextprotocol/clientCapabilities";
let nextId = 1;
async function post(base, body, headers = {}) {
  const response = await fetch(`${base}/mcp`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${token}`,
      ...headers,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  return response;
}
async function message(response) {
  const text = await response.text();
  const events = text.split("\n").filter((line) => line.startsWith("data: {"));
  return JSON.parse(events.length > 0 ? events.at(-1).slice(6) : text);
}
async function modern(base, method, params = {}, capabilities = {}, name = params.name ?? params.taskId) {
  const headers = { "MCP-Protocol-Version": kModern, "Mcp-Method": method };
  if (name !== undefined) {
    headers["Mcp-Name"] = name;
  }
  const meta = { "io.modelcontextprotocol/protocolVersion": kModern, [kCapabilities]: capabilities };
  const request = { jsonrpc: "2.0", id: nextId++, method, params: { ...params, _meta: meta } };
  const answer = await message(await post(base, request, headers));
  assert.ok(answer.result, JSON.stringify(answer.error));
  return answer.result;
}
async function openSession(base) {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "replicas", version: "1" } };
  const response = await post(base, { jsonrpc: "2.0", id: nextId++, method: "initialize", params });
  assert.equal(response.status, 200);
  await response.text();
  return response.headers.get("mcp-session-id");
}
const inSession = (base, session, method, params = {}) =>
  post(base, { jsonrpc: "2.0", id: nextId++, method, params }, { "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25" });

// ---- the first daemon, which is killed and started again
let pid = setup.pid;
const running = (id) => {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
};
async function killFirst() {
  process.kill(pid, "SIGKILL");
  while (running(pid) && !/ Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) {
    await sleep(20);
  }
}
let child;
async function startFirst() {
  child = spawn(setup.binary, ["serve", "--config", setup.config], { stdio: "ignore" });
  pid = child.pid;
  for (let i = 0; i < 200; i += 1) {
    const ready = await fetch(`${setup.a}/readyz`).catch(() => null);
    if (ready?.status === 200) {
      return;
    }
    await sleep(50);
  }
  assert.fail("the daemon did not come back");
}
process.on("exit", () => child?.kill("SIGKILL"));
process.on("SIGTERM", () => process.exit(1)); // out of time

// ---- official clients through the proxy
const capabilities = { elicitation: { form: {} } };
let asked = 0;
const answer = async (request) => {
  asked += 1;
  const choices = request.params.requestedSchema.properties.project;
  return { action: "accept", content: { project: (choices.enum ?? choices.oneOf.map((choice) => choice.const))[0] } };
};
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
async function useClient(client, transport) {
  await client.connect(transport);
  for (let i = 0; i < 6; i += 1) {
    const { tools } = await client.listTools();
    assert.ok(tools.length >= 4);
    const listed = await client.callTool({ name: "list_organizations", arguments: {} });
    assert.ok(listed.structuredContent.organizations.length > 0);
  }
  const before = asked;
  const made = await client.callTool({ name: "create_work_item", arguments: { organization, type: "Task", title: `replicas ${Date.now()}` } });
  assert.notEqual(made.isError, true, JSON.stringify(made.content));
  assert.equal(asked, before + 1, "asked once, answered through whichever replica");
  await client.close();
}

await step("SDK v1: one session over two replicas, a question answered through either", async () => {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const { ElicitRequestSchema } = await import("@modelcontextprotocol/sdk/types.js");
  const client = new Client({ name: "replicas", version: "1" }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, answer);
  await useClient(client, new StreamableHTTPClientTransport(new URL(`${setup.proxy}/mcp`), { requestInit }));
});
await step("SDK v2: the same, and a state that one replica seals and the other opens", async () => {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  for (const options of [{}, { versionNegotiation: { mode: { pin: kModern } } }]) {
    const client = new Client({ name: "replicas", version: "1" }, { capabilities, ...options });
    client.setRequestHandler("elicitation/create", answer);
    await useClient(client, new StreamableHTTPClientTransport(new URL(`${setup.proxy}/mcp`), { requestInit }));
  }
});

await step("a session outlives a kill -9 of the daemon that opened it, and ends everywhere with DELETE", async () => {
  const session = await openSession(setup.a);
  await killFirst();
  assert.equal((await inSession(setup.b, session, "tools/list")).status, 200);
  await startFirst();
  assert.equal((await inSession(setup.a, session, "ping")).status, 200);
  const ended = await fetch(`${setup.b}/mcp`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${token}`, "Mcp-Session-Id": session },
  });
  assert.ok(ended.ok, `${ended.status}`);
  assert.equal((await inSession(setup.b, session, "ping")).status, 404);
  for (let i = 0; i < 40 && (await inSession(setup.a, session, "ping")).status !== 404; i += 1) {
    await sleep(100);
  }
  assert.equal((await inSession(setup.a, session, "ping")).status, 404, "the other replica has heard of it");
});

await step("a question asked before a kill -9 is answered after it", async () => {
  const call = { name: "create_work_item", arguments: { organization, type: "Task", title: `asked ${Date.now()}` } };
  const question = await modern(setup.a, "tools/call", call, capabilities);
  assert.equal(question.resultType, "input_required");
  await killFirst();
  await startFirst();
  const [key] = Object.keys(question.inputRequests);
  const inputResponses = { [key]: { action: "accept", content: { project } } };
  const retry = { ...call, inputResponses, requestState: question.requestState };
  const made = await modern(setup.a, "tools/call", retry, capabilities);
  assert.equal(made.structuredContent.project, project);
});

await step("a task goes on in the other daemon when its own is killed", async () => {
  const tasks = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  await simulate("settings?latency_ms=1500");
  const call = { name: "search_code", arguments: { organization, project, query, top: 1 } };
  const task = await modern(setup.a, "tools/call", call, tasks);
  assert.equal(task.resultType, "task", JSON.stringify(task));
  assert.equal((await modern(setup.b, "tasks/get", { taskId: task.taskId }, tasks)).status, "working");
  await killFirst();
  await simulate("settings?latency_ms=0");
  let shown;
  for (let i = 0; i < 120; i += 1) {
    shown = await modern(setup.b, "tasks/get", { taskId: task.taskId }, tasks);
    if (shown.status !== "working") {
      break;
    }
    await sleep(500);
  }
  assert.equal(shown.status, "completed", JSON.stringify(shown));
  assert.ok(shown.result.structuredContent.results.length > 0);
  await startFirst();
});

async function simulate(what) {
  // The simulator's certificate is its own; its admin side holds no secret.
  const { default: https } = await import("node:https");
  await new Promise((resolve, reject) => {
    const request = https.request(`${setup.simulator}/__sim/${what}`, { rejectUnauthorized: false }, (response) => {
      response.resume();
      response.on("end", () => (response.statusCode < 300 ? resolve() : reject(new Error(`${what}: ${response.statusCode}`))));
    });
    request.on("error", reject);
    request.end();
  });
}

// ---- many sessions, many streams
const residentKiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
const kSessions = 10_000;
const kStreams = 1_000;

await step(`${kSessions} sessions`, async () => {
  const before = residentKiB();
  let left = kSessions;
  const last = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left > 0) {
        left -= 1;
        last.push(await openSession(setup.a));
      }
    }),
  );
  assert.equal(new Set(last).size, kSessions);
  assert.equal((await inSession(setup.a, last[0], "ping")).status, 200);
  console.log(`        resident memory ${before} -> ${residentKiB()} KiB`);
});

await step(`${kStreams} listen streams, all told, all gone with their clients`, async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const url = new URL(`${setup.a}/mcp`);
  const fdsBefore = descriptors();
  const memoryBefore = residentKiB();
  const open = (id) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({
        jsonrpc: "2.0",
        id: `listen:${id}`,
        method: "subscriptions/listen",
        params: {
          notifications: { resourcesListChanged: true },
          _meta: { "io.modelcontextprotocol/protocolVersion": kModern, [kCapabilities]: {} },
        },
      });
      const request = http.request(url, {
        agent,
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          Authorization: `Bearer ${token}`,
          "MCP-Protocol-Version": kModern,
          "Mcp-Method": "subscriptions/listen",
          "Content-Length": Buffer.byteLength(body),
        },
      });
      request.on("response", (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
          if (text.includes("subscriptions/acknowledged")) {
            resolve({ request, response, told: () => text.includes("resources/list_changed") });
          }
        });
        response.on("error", () => {});
      });
      request.on("error", reject);
      request.end(body);
    });
  const streams = [];
  for (let i = 0; i < kStreams; i += 50) {
    streams.push(...(await Promise.all(Array.from({ length: 50 }, (_, k) => open(i + k)))));
  }
  const perStream = (residentKiB() - memoryBefore) / kStreams;
  console.log(`        ${perStream.toFixed(1)} KiB a stream`);
  assert.ok(descriptors() >= fdsBefore + kStreams);
  for (const stream of streams) {
    stream.request.destroy();
  }
  for (let i = 0; i < 100 && descriptors() > fdsBefore + 20; i += 1) {
    await sleep(100);
  }
  assert.ok(descriptors() <= fdsBefore + 20, `${descriptors()} descriptors are left of ${fdsBefore} before`);
  if (!setup.sanitized) {
    assert.ok(perStream <= 16, `${perStream} KiB a stream`);
  }
});

console.log(`${passed} passed, 0 failed`);
process.exit(0); // the daemon started here would keep this process waiting for it
