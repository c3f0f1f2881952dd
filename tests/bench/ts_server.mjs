// The official TypeScript SDK's server (v2) with the one tool of the comparison, each era served the way that is quickest
// there: an instance a request for 2026-07-28 (its handler knows no other way), a kept session with plain JSON answers before.
// Run by tests/bench/run; prints its port.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { NodeStreamableHTTPServerTransport, toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";

function makeServer() {
  const server = new McpServer({ name: "reference", version: "1.0.0" });
  server.registerTool("test_simple_text", { description: "Answers with text" }, async () => ({
    content: [{ type: "text", text: "This is a simple text response for testing." }],
  }));
  return server;
}

const modern = toNodeHandler(createMcpHandler(makeServer, { legacy: "reject" }));
const sessions = new Map();
async function legacy(request, response) {
  const known = sessions.get(request.headers["mcp-session-id"]);
  if (known) {
    return known.handleRequest(request, response);
  }
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => sessions.set(id, transport),
  });
  await makeServer().connect(transport);
  return transport.handleRequest(request, response);
}

const http = createServer((request, response) =>
  request.headers["mcp-protocol-version"] === "2026-07-28" ? modern(request, response) : legacy(request, response),
);
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
