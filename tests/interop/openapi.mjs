// Exchanges with Azure DevOps against Microsoft's OpenAPI documents, by openapi-backend (routes, path, query, header and body
// parameters, answers by status). Usage:
//   node openapi.mjs DOCUMENTS check FILE     exchanges that must conform
//   node openapi.mjs DOCUMENTS learn FILE     what the documents say of real exchanges, and of their own examples: where they are wrong
// FILE holds objects {method,url,status,reqHeaders,reqBody,headers,body}: an array, or one a line.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import OpenAPIBackend from "openapi-backend";
import addFormats from "ajv-formats";

// Where the documents are wrong about the live service, and how that is known: `recorded` and `examples` must come up in `learn`.
// A violation is let pass when all members match.
const known = [
  {
    why: "api-version may stand in the Accept header, as Microsoft's own clients send it", known: "recorded",
    in: "request", at: /^\/query$/, message: /required property 'api-version'/,
    when: (exchange) => /;\s*api-version=/.test(exchange.reqHeaders.accept ?? ""),
  },
  {
    why: "projects of an Entra-backed organization are visible to the organization", known: "recorded",
    in: "answer", at: /\/visibility$/, message: /one of the allowed values/,
    when: (exchange) => /"visibility":"(organization|unchanged)"/.test(exchange.body),
  },
  {
    why: "a state transition without actions has null ones", known: "examples",
    in: "answer", at: /\/transitions\/[^/]*\/\d+\/actions$/, message: /must be array/, when: () => true,
  },
  {
    why: "hits of code search come without a snippet (vsts-rest-api-specs issue 465)", known: "reported",
    in: "answer", at: /\/matches\/\w+\/\d+\/(codeSnippet|type)$/, message: /must be string/, when: () => true,
  },
];
/// Routes of the live service that no document has.
const undescribed = [
  { why: "connectionData is a route of the location service, which has no document", route: /^GET \/[^/]+\/_apis\/connectiondata$/i },
];

/// Routes are matched without regard to case, as the service does (recorded requests mix workItems, workitems, WorkItems). The
/// validator's router takes no `$` before a parameter: `$Task` is `new-Task` for it.
const plain = (path) => path.replaceAll("/$", "/new-");
function plainRoutes(definition) {
  const paths = {};
  for (const [path, item] of Object.entries(definition.paths)) {
    paths[plain(path).replace(/(\{[^}]*\})|([^{]+)/g, (all, parameter) => parameter ?? all.toLowerCase())] = item;
  }
  definition.paths = paths;
}

/// The validator looks at application/json bodies only; a JSON Patch is JSON too.
function patchesAreJson(node) {
  if (Array.isArray(node)) return node.forEach(patchesAreJson);
  if (node === null || typeof node !== "object") return;
  const patch = node.content?.["application/json-patch+json"];
  if (patch && !node.content["application/json"]) {
    node.content["application/json"] = patch;
    delete node.content["application/json-patch+json"];
  }
  Object.values(node).forEach(patchesAreJson);
}

async function load(folder) {
  const apis = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const definition = JSON.parse(readFileSync(join(folder, file), "utf8"));
    plainRoutes(definition);
    patchesAreJson(definition);
    const api = new OpenAPIBackend.OpenAPIBackend({
      definition,
      quick: true, // each operation is compiled when it is first met
      coerceTypes: true,
      ajvOpts: { strict: false, allErrors: true, logger: false },
      customizeAjv: (ajv) => (addFormats.default ?? addFormats)(ajv),
    });
    await api.init();
    apis.push(api);
  }
  return apis;
}

function json(text) {
  if (text === null || text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return text;
  }
}

const named = (where, errors) => (errors ?? []).map((error) => {
  const name = error.params?.additionalProperty ?? error.params?.allowedValues?.join(", ");
  return { in: where, at: error.instancePath, message: error.message + (name ? ` (${name})` : "") };
});

/// { operation, violations: [{in, at, message}] }, or null when no document has the route.
function look(apis, exchange) {
  const url = new URL(exchange.url);
  const headers = { ...exchange.reqHeaders };
  // See patchesAreJson.
  if (/json-patch/.test(headers["content-type"] ?? "")) headers["content-type"] = "application/json";
  const request = {
    method: exchange.method,
    path: plain(url.pathname.toLowerCase().replaceAll("/%24", "/$")),
    query: url.search.slice(1),
    headers,
    body: json(exchange.reqBody),
  };
  for (const api of apis) {
    const operation = api.router.matchOperation(request);
    if (!operation) continue;
    const violations = named("request", api.validateRequest(request, operation).errors);
    const answers = operation.responses ?? {};
    if (exchange.status < 300 && !(String(exchange.status) in answers) && !("default" in answers)) {
      violations.push({ in: "answer", at: "", message: `status ${exchange.status} is not described` });
    }
    if (/json/.test(exchange.headers["content-type"] ?? "")) {
      violations.push(...named("answer", api.validateResponse(json(exchange.body), operation, exchange.status).errors));
    }
    return { operation: operation.operationId, violations };
  }
  return null;
}

const exceptionFor = (violation, exchange) => known.find((one) => one.in === violation.in && one.at.test(violation.at) &&
  one.message.test(violation.message) && one.when(exchange));

class Tally {
  constructor(title) {
    this.title = title;
    this.counts = new Map();
  }
  add(key) {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
  has = (key) => this.counts.has(key);
  get size() {
    return this.counts.size;
  }
  print() {
    if (this.size > 0) console.log(this.title);
    for (const [key, times] of [...this.counts].sort((a, b) => b[1] - a[1])) console.log(`  ${times} ${key}`);
  }
}
const operations = new Tally("operations:");
const letPass = new Tally("let pass:");
const unknown = new Tally("not described:");
const found = new Tally("violations:");

function judge(result, exchange) {
  for (const violation of result.violations) {
    const exception = exceptionFor(violation, exchange);
    if (exception) letPass.add(exception.why);
    else found.add(`${result.operation}: ${violation.in} ${violation.at.replace(/\/\d+(?=\/|$)/g, "/*")} ${violation.message}`);
  }
}

/// Copies of an exchange with one thing wrong in each: the validator must notice.
function corrupted(exchange) {
  const copies = [];
  const url = new URL(exchange.url);
  url.searchParams.append("noSuchParameter", "1");
  copies.push(["an unknown query parameter", { ...exchange, url: url.href }]);
  const body = json(exchange.reqBody);
  if (Array.isArray(body)) {
    const patch = JSON.stringify(body.map((operation) => ({ ...operation, op: "no such operation" })));
    copies.push(["an unknown patch operation", { ...exchange, reqBody: patch }]);
  } else if (body && typeof body === "object") {
    const wrong = Object.fromEntries(Object.keys(body).map((name) => [name, true]));
    copies.push(["members of the body of a wrong type", { ...exchange, reqBody: JSON.stringify(wrong) }]);
  }
  const answer = json(exchange.body);
  if (exchange.status < 300 && answer && typeof answer === "object") {
    const wrong = Object.fromEntries(Object.keys(answer).map((name) => [name, true]));
    copies.push(["members of the answer of a wrong type", { ...exchange, body: JSON.stringify(wrong) }]);
  }
  return copies;
}

const [folder, mode, file] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
const exchanges = text.startsWith("[") ? JSON.parse(text) : text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
const apis = await load(folder);
let failed = false;
let noticed = 0;
for (const exchange of exchanges) {
  const result = look(apis, exchange);
  const route = `${exchange.method} ${new URL(exchange.url).pathname}`;
  if (result === null) {
    const exception = undescribed.find((one) => one.route.test(route));
    (exception ? letPass : unknown).add(exception?.why ?? route);
    continue;
  }
  if (mode === "check" && !operations.has(result.operation)) {
    for (const [what, copy] of corrupted(exchange)) {
      if (look(apis, copy).violations.some((violation) => !exceptionFor(violation, copy))) noticed += 1;
      else {
        failed = true;
        console.log(`not noticed: ${what} of ${result.operation}`);
      }
    }
  }
  operations.add(result.operation);
  judge(result, exchange);
}

if (mode === "learn") {
  const recorded = new Set(letPass.counts.keys());
  // The documents' own examples, as answers.
  for (const api of apis) {
    for (const operation of api.router.getOperations()) {
      for (const [status, answer] of Object.entries(operation.responses ?? {})) {
        for (const example of Object.values(answer.content?.["application/json"]?.examples ?? {})) {
          if (example?.value === undefined) continue;
          const exchange = { body: JSON.stringify(example.value) };
          for (const violation of named("answer", api.validateResponse(example.value, operation, Number(status)).errors)) {
            const exception = exceptionFor(violation, exchange);
            if (exception) letPass.add(exception.why);
          }
        }
      }
    }
  }
  const shown = { recorded, examples: letPass, reported: { has: () => true } };
  for (const one of known.filter((entry) => !shown[entry.known].has(entry.why))) {
    failed = true;
    console.log(`nothing shows that ${one.why}`);
  }
}

for (const tally of [operations, letPass, unknown, found]) tally.print();
console.log(`${exchanges.length} exchanges, ${operations.size} operations, ${noticed} planted mistakes noticed`);
const conforms = found.size === 0 && unknown.size === 0 && operations.size > 0;
process.exit(failed || (mode === "check" && !conforms) ? 1 : 0);
