// Microsoft's own Azure DevOps client against the simulator: it finds its routes through OPTIONS _apis and ResourceAreas, so a
// simulator that strays from the service's shapes fails here.
// Usage: NODE_EXTRA_CA_CERTS=CA.pem node node_api.mjs BASE_URL PAT ORGANIZATION PROJECT REPOSITORY
import assert from "node:assert/strict";
import * as azdev from "azure-devops-node-api";

const [base, pat, organization, project, repository] = process.argv.slice(2);
const connection = new azdev.WebApi(`${base}/${organization}`, azdev.getPersonalAccessTokenHandler(pat));

const core = await connection.getCoreApi();
const projects = (await core.getProjects()).map((found) => found.name);
assert.ok(projects.includes(project), `${project} is not among ${projects}`);

const git = await connection.getGitApi();
const repositories = (await git.getRepositories(project)).map((found) => found.name);
assert.ok(repositories.includes(repository), `${repository} is not among ${repositories}`);

const tracking = await connection.getWorkItemTrackingApi();
const title = `node-api ${process.pid}`;
const made = await tracking.createWorkItem({}, [{ op: "add", path: "/fields/System.Title", value: title }], project, "Task");
assert.equal(made.fields["System.Title"], title);
const found = await tracking.queryByWiql({ query: `SELECT [System.Id] FROM WorkItems WHERE [System.Title] = '${title}'` }, { project });
assert.deepEqual(found.workItems.map((item) => item.id), [made.id]);
const read = await tracking.getWorkItem(made.id);
assert.equal(read.id, made.id);
console.log(`ok: ${projects.length} projects, ${repositories.length} repositories, work item ${made.id}`);
