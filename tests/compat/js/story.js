// The part of the official client in the story that every client plays: `node story.js input.json post|report|close` prints JSON.
'use strict';

const fs = require('fs');
const constants = require('linkedin-api-client/dist/lib/utils/constants');
const input = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
constants.OAUTH_BASE_URL = `${input.baseUrl}/oauth/v2`;
constants.VERSIONED_BASE_URL = `${input.baseUrl}/rest`;
constants.NON_VERSIONED_BASE_URL = `${input.baseUrl}/v2`;
const { AuthClient, RestliClient } = require('linkedin-api-client');

const versionString = '202504';
const client = new RestliClient();

async function fetchToken(keys) {
  const auth = new AuthClient({ clientId: keys.client_id, clientSecret: keys.client_secret });
  return (await auth.getTwoLeggedAccessToken()).access_token;
}

async function submit(accessToken, elements) {
  const rows = await client.batchCreate({ resourcePath: '/simpleJobPostings', accessToken, versionString, entities: elements });
  const ids = rows.data.elements.map((row) => row.id);
  for (;;) {
    const { data } = await client.batchGet({ resourcePath: '/simpleJobPostingTasks', ids, accessToken, versionString });
    if (ids.every((id) => data.results[id].status !== 'IN_PROGRESS')) return ids.map((id) => data.results[id]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function post() {
  const created = await client.create({
    resourcePath: '/provisionedApplications', accessToken: await fetchToken(input.parent), entity: input.draft,
  });
  const child = created.data.credentials;
  const accessToken = await fetchToken(child);
  const setup = await client.action({
    resourcePath: '/provisionedHiringContracts', actionName: 'setup', accessToken, versionString,
    data: { partnerContractId: input.partnerContractId },
  });
  const { contract } = setup.data.value;
  const tasks = await submit(accessToken, input.elements.map((element) => ({ ...element, contract })));
  return { child, jobs: tasks.map((task) => [task.externalJobPostingId, task.jobPosting]) };
}

async function report() {
  const common = { resourcePath: '/partnerJobReports', accessToken: await fetchToken(input.child), versionString };
  const byIds = [];
  for (const ids of input.groups) {
    const months = [];
    for (const dateRange of input.months) months.push((await client.batchGet({ ...common, ids, queryParams: { dateRange } })).data.results);
    byIds.push(...ids.map((id) => months.map((month) => month[id])));
  }
  const byDays = [];
  for (const start of input.starts) {
    const queryParams = { dateRange: input.days, start, count: 50 };
    byDays.push(...(await client.finder({ ...common, finderName: 'dateRange', queryParams })).data.elements);
  }
  const budget = await client.get({
    resourcePath: '/partnerBudgetReports', accessToken: await fetchToken(input.parent), versionString,
    queryParams: { partnerContractId: input.partnerContractId },
  });
  return { byIds, byDays, budget: budget.data };
}

async function close() {
  const accessToken = await fetchToken(input.child);
  const [task] = await submit(accessToken, input.elements);
  const id = input.elements[0].externalJobPostingId;
  const statuses = await client.batchGet({ resourcePath: '/jobPostingStatus', ids: [id], accessToken });
  return { task: task.status, listing: statuses.data.results[id].listingStatus };
}

({ post, report, close })[process.argv[3]]()
  .then((found) => process.stdout.write(JSON.stringify(found)))
  .catch((error) => {
    process.stderr.write(`${error.stack}\n${JSON.stringify(error.response && error.response.data)}\n`);
    process.exit(1);
  });
