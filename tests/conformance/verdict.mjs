// Reads what one run of the suite left behind and says whether it was a pass. Stricter than the suite: a warning fails, and
// so does whatever was not put to the test although the server could have been made to show it.
// Usage: verdict.mjs OUTPUT_FOLDER EXPECTED_SCENARIOS SUITE_EXIT_CODE
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

// Checks that no server can have made, and why.
const MAY_BE_SKIPPED = new Map([
  ["tasks-status-notifications", "the suite skips it always, until it listens on subscriptions/listen"],
]);
// Records of the traffic, and the one check whose subject is optional.
const MAY_INFORM = [
  /^(incoming|outgoing)-/,
  /^stream-closed$/,
  /^server-sse-streams-functional$/, // plain JSON where an answer needs no stream
];

const [folder, expectedScenarios, suiteExit] = process.argv.slice(2);
const files = globSync(path.join(folder, "*", "checks.json")).sort();
const problems = [];
let passed = 0;
let skipped = 0;
for (const file of files) {
  const scenario = path.basename(path.dirname(file)).replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
  const checks = JSON.parse(readFileSync(file, "utf8"));
  if (!checks.some((check) => check.status !== "INFO")) problems.push(`${scenario}: made no check`);
  for (const check of checks) {
    const say = (what) => problems.push(`${scenario}: ${check.id} ${what}: ${check.errorMessage ?? check.description}`);
    if (check.status === "SUCCESS") passed += 1;
    else if (check.status === "SKIPPED") {
      skipped += 1;
      if (!MAY_BE_SKIPPED.has(check.id)) say("was skipped");
    } else if (check.status === "INFO") {
      if (!MAY_INFORM.some((pattern) => pattern.test(check.id))) say("was not made");
    } else say(check.status === "WARNING" ? "warns" : "failed");
  }
}
if (files.length !== Number(expectedScenarios)) problems.push(`${files.length} scenarios ran, not ${expectedScenarios}`);
if (suiteExit !== "0") problems.push(`the suite ended with ${suiteExit}`);
console.log(`${files.length} scenarios, ${passed} checks passed, ${skipped} skipped, ${problems.length} problems`);
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
