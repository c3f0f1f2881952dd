// The official TypeScript SDK against a running daemon, or one it starts on stdio: lists what there is, searches, reads,
// creates, completes, is asked for what is missing.
// Usage: node sdk_client.mjs v1|v2-default|v2-auto|v2-pinned URL|COMMAND-AS-JSON-ARRAY TOKEN ORGANIZATION PROJECT REPOSITORY QUERY
import assert from "node:assert/strict";

const [mode, target, token, organization, project, repository, query] = process.argv.slice(2);
const requestInit = token ? { headers: { Authorization: `Bearer ${token}` } } : {};
const command = target.startsWith("[") ? JSON.parse(target) : null;
const capabilities = { elicitation: { form: {} } };
let asked = 0;
// The person behind the client: takes the first project that is offered.
const answer = async (request) => {
  asked += 1;
  const choices = request.params.requestedSchema.properties.project;
  const names = choices.enum ?? choices.oneOf.map((choice) => choice.const);
  return { action: "accept", content: { project: names[0] } };
};

async function connect() {
  const info = { name: `ado-mcpd-interop-${mode}`, version: "1.0.0" };
  if (mode === "v1") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const { ElicitRequestSchema } = await import("@modelcontextprotocol/sdk/types.js");
    const client = new Client(info, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, answer);
    await client.connect(
      command
        ? new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: "inherit" })
        : new StreamableHTTPClientTransport(new URL(target), { requestInit }),
    );
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const negotiation = {
    "v2-default": undefined,
    "v2-auto": { mode: "auto" },
    "v2-pinned": { mode: { pin: "2026-07-28" } },
  };
  assert.ok(mode in negotiation, `unknown mode ${mode}`);
  const options = negotiation[mode] ? { versionNegotiation: negotiation[mode] } : {};
  const client = new Client(info, { capabilities, ...options });
  client.setRequestHandler("elicitation/create", answer);
  await client.connect(
    command
      ? new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: "inherit" })
      : new StreamableHTTPClientTransport(new URL(target), { requestInit }),
  );
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

// What is missing is asked for: by input_required and retry, or by a request on the call's stream.
const chosen = await call("create_work_item", { organization, type: "Task", title: `${title} somewhere` });
assert.equal(asked, 1);
assert.ok(chosen.structuredContent.id > created.structuredContent.id);

const { prompts } = await client.listPrompts();
assert.ok(prompts.some((prompt) => prompt.name === "incident_to_bug"));
const prompt = await client.getPrompt({ name: "incident_to_bug", arguments: { incident: "disk full" } });
assert.ok(prompt.messages[0].content.text.includes("disk full"));

const { resources } = await client.listResources();
const listed = resources.find((resource) => resource.uri === `ado://${organization}`);
assert.ok(listed, `no resource of ${organization}`);
const status = await client.readResource({ uri: listed.uri });
assert.equal(JSON.parse(status.contents[0].text).state, "connected");
const { resourceTemplates } = await client.listResourceTemplates();
assert.ok(resourceTemplates.length > 0);
await assert.rejects(client.readResource({ uri: "ado://nobody/x/y/z" }));

const { completion } = await client.complete({
  ref: { type: "ref/prompt", name: "incident_to_bug" },
  argument: { name: "project", value: project.slice(0, 3) },
  context: { arguments: { organization } },
});
assert.ok(completion.values.includes(project), `${completion.values}`);

await client.close();
console.log(`ok ${mode}: ${names.length} tools, work item ${created.structuredContent.id}`);
