// The official TypeScript SDK against a running daemon: lists the tools, searches, reads, creates.
// Usage: node sdk_client.mjs v1|v2-default|v2-auto|v2-pinned URL TOKEN ORGANIZATION PROJECT REPOSITORY QUERY
import assert from "node:assert/strict";

const [mode, url, token, organization, project, repository, query] = process.argv.slice(2);
const requestInit = token ? { headers: { Authorization: `Bearer ${token}` } } : {};

async function connect() {
  const info = { name: `ado-mcpd-interop-${mode}`, version: "1.0.0" };
  if (mode === "v1") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const client = new Client(info);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const negotiation = {
    "v2-default": undefined,
    "v2-auto": { mode: "auto" },
    "v2-pinned": { mode: { pin: "2026-07-28" } },
  };
  assert.ok(mode in negotiation, `unknown mode ${mode}`);
  const options = negotiation[mode] ? { versionNegotiation: negotiation[mode] } : {};
  const client = new Client(info, options);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

const client = await connect();
const { tools } = await client.listTools();
const names = tools.map((tool) => tool.name).sort();
for (const name of ["create_work_item", "list_organizations", "read_file", "search_code"]) {
  assert.ok(names.includes(name), `${name} is not among ${names}`);
}
const search = tools.find((tool) => tool.name === "search_code");
assert.equal(search.annotations.readOnlyHint, true);
assert.equal(search.inputSchema.type, "object");

const call = async (name, args) => {
  const result = await client.callTool({ name, arguments: args });
  assert.notEqual(result.isError, true, `${name}: ${JSON.stringify(result.content)}`);
  return result;
};

const found = await call("search_code", { organization, project, query, top: 3 });
assert.ok(found.content[0].text.length > 0);
assert.ok(found.structuredContent.results.length > 0, "no search result");
const hit = found.structuredContent.results.find((result) => result.start_line > 0);
assert.ok(hit, "no result with lines");
assert.ok(hit.url.startsWith("http"));

const read = await call("read_file", {
  organization, project: hit.project, repository: hit.repository, path: hit.path, ref: hit.commit, start_line: 1, end_line: 5,
});
assert.equal(read.structuredContent.files[0].start_line, 1);

const title = `interop ${mode} ${process.pid} ${Date.now()}`;
const created = await call("create_work_item", { organization, project, type: "Task", title });
assert.ok(created.structuredContent.id > 0);
assert.equal(created.structuredContent.created, true);
assert.ok(created.structuredContent.url.includes("_workitems/edit/"));

const wrong = await client.callTool({ name: "read_file", arguments: { organization, project, repository, path: "/no/such/file" } });
assert.equal(wrong.isError, true);
assert.ok(wrong.content[0].text.length > 20);

await client.close();
console.log(`ok ${mode}: ${names.length} tools, work item ${created.structuredContent.id}`);
