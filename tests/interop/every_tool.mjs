// Calls every tool of a running daemon so that it sends every kind of request it knows, healthy and wrong ones. A tool that is
// offered and not called here fails the run: add it to `calls`.
// Usage: node every_tool.mjs URL TOKEN ORGANIZATION PROJECT REPOSITORY QUERY
import assert from "node:assert/strict";

const [url, token, organization, project, repository, query] = process.argv.slice(2);
const revision = "2026-07-28";

async function ask(method, params, name) {
  const meta = { "io.modelcontextprotocol/protocolVersion": revision, "io.modelcontextprotocol/clientCapabilities": {} };
  const headers = {
    Authorization: `Bearer ${token}`, "Content-Type": "application/json", Accept: "application/json, text/event-stream",
    "MCP-Protocol-Version": revision, "Mcp-Method": method, ...(name ? { "Mcp-Name": name } : {}),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } });
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  const data = text.startsWith("{") ? text : text.split("\n").filter((line) => line.startsWith("data: {")).pop().slice(6);
  return JSON.parse(data).result;
}

const here = { project };
const there = { project, repository };
const title = `OpenAPI ${process.pid}`;
const calls = [
  ["list_organizations", {}],
  ["list_projects", {}],
  ["list_repositories", {}],
  ["list_repositories", here],
  ["search_code", { ...here, query, top: 3 }],
  ["search_code", { query, top: 1 }],
  ["search_code", { ...there, query, branch: "main", path: "/", extension: "cpp" }],
  ["search_code", { ...there, query: "no_such_word_anywhere" }],
  ["read_file", { ...there, path: "/README.md" }],
  ["read_file", { ...there, path: "/README.md", ref: "main", start_line: 1, end_line: 2 }],
  ["list_files", { ...there, path: "/", sizes: true }],
  ["list_files", { ...there, path: "/", depth: 3 }],
  ["list_commits", { ...there, top: 3, path: "/README.md", author: "a", since: "2020-01-01", until: "2030-01-01", ref: "main" }],
  ["list_commits", { ...there, top: 2 }],
  ["search_work_items", { ...here, text: "engine", top: 3 }],
  ["search_work_items", { ...here, type: "Bug", state: "No such state" }],
  ["search_work_items", { ...here, wiql: "SELECT [System.Id] FROM WorkItems ORDER BY [System.Id]" }],
  ["describe_work_item_type", here],
  ["describe_work_item_type", { ...here, type: "Bug" }],
  ["create_work_item", { ...here, title, validate_only: true }],
  ["create_work_item", {
    ...here, title, type: "Bug", description: "**bold** `code`", priority: 2, severity: "high", tags: ["a", "b"],
    assigned_to: "ada.palmer@contoso.example", links: [{ url: "https://contoso.example/x", comment: "c" }],
  }],
  ["search_wiki", { query: "pager" }],
  ["read_wiki_page", { wiki: `${project}.wiki`, path: "/On call" }],
  ["read_wiki_page", { wiki: `${project}.wiki`, path: "/No such page" }, "fails"],
  // What is wrong is looked up, by requests of its own.
  ["read_file", { ...there, path: "/README.md", ref: "no-such-branch" }, "fails"],
  ["read_file", { ...there, path: "/no/such/file" }, "fails"],
  ["list_files", { ...there, repository: "no-such-repository" }, "fails"],
  ["list_files", { ...there, project: "No such project" }, "fails"],
  ["describe_work_item_type", { ...here, type: "No such type" }, "fails"],
  ["create_work_item", { ...here, title, area_path: "No\\Such" }, "fails"],
  ["get_work_item", { id: 2147483647 }, "fails"],
];

const offered = new Set((await ask("tools/list", {})).tools.map((tool) => tool.name));
const called = new Set();
let failed = 0;
async function call(name, args, outcome) {
  called.add(name);
  if (!offered.has(name)) return null;
  const result = await ask("tools/call", { name, arguments: name === "list_organizations" ? args : { organization, ...args } }, name);
  if (Boolean(result.isError) !== (outcome === "fails")) {
    failed += 1;
    console.log(`${name} ${JSON.stringify(args)}: ${result.content[0].text}`);
  }
  return result;
}

// A wiki is searched live until its index is there, and by it afterwards.
const api = new URL("/api/v2/repos/handbook", url);
const base = process.env.ADO_URL;
async function source(method, path = "", body = undefined) {
  const response = await fetch(new URL(api.pathname + path, url), {
    method, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, body,
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} of the knowledge source: ${response.status} ${text}`);
  return text ? JSON.parse(text) : {};
}
const wiki = encodeURIComponent(project);
await source("PUT", "", JSON.stringify({ url: `${base}/${organization}/${wiki}/_wiki/wikis/${wiki}.wiki` }));
for (let i = 0; i < 200 && (await source("GET")).index?.state !== "synced"; i += 1) await new Promise((done) => setTimeout(done, 100));

let made = null;
for (const [name, args, outcome] of calls) {
  const result = await call(name, args, outcome);
  if (name === "create_work_item" && outcome !== "fails") made = result.structuredContent?.id ?? made;
  if (result?.structuredContent?.cursor) await call(name, { ...args, cursor: result.structuredContent.cursor });
}
await call("get_work_item", { id: made, include: ["comments", "relations"] });
await call("create_work_item", { ...here, title: `${title} child`, parent_id: made });
await call("update_work_item", { id: made, title: `${title} changed`, tags: ["c"], links: [{ url: "https://contoso.example/y" }] });
await call("update_work_item", { id: made, priority: 1, validate_only: true });
await call("update_work_item", { id: made, title, expected_rev: 1 }, "fails");
await call("add_work_item_comment", { id: made, text: "**seen** `there`" });
assert.equal((await source("GET")).index?.state, "synced");
assert.deepEqual([...offered].filter((name) => !called.has(name)), [], "tools that are never called here");
assert.equal(failed, 0);
console.log(`ok: ${calls.length + 6} calls of ${offered.size} tools`);
