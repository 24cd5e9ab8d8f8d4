// Drives the official client: `node driver.js credentials.json post|report` prints the responses as JSON.
'use strict';

const fs = require('fs');
const constants = require('linkedin-api-client/dist/lib/utils/constants');
const credentials = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
constants.OAUTH_BASE_URL = `${credentials.base_url}/oauth/v2`;
constants.VERSIONED_BASE_URL = `${credentials.base_url}/rest`;
constants.NON_VERSIONED_BASE_URL = `${credentials.base_url}/v2`;
const { AuthClient, RestliClient } = require('linkedin-api-client');

const VERSION = '202504';
const client = new RestliClient();

async function fetchToken(keys) {
  const auth = new AuthClient({ clientId: keys.client_id, clientSecret: keys.client_secret });
  const answer = await auth.getTwoLeggedAccessToken();
  const inspected = await auth.introspectAccessToken(answer.access_token);
  return { token: answer.access_token, life: answer.expires_in, active: (inspected.data || inspected).active };
}

function element(name, contract) {
  return {
    externalJobPostingId: name,
    jobPostingOperationType: 'CREATE',
    title: `Pilot ${name} é☺`,
    description: `You bring ships into the harbour. ${name} `.repeat(4),
    companyApplyUrl: 'https://careers.example.com/pilot',
    companyName: 'Harbour Logistics',
    listedAt: credentials.now_ms - 60000,
    location: 'Rotterdam, Netherlands',
    contract,
    budget: { payForPerformanceTotalBudget: { currencyCode: 'USD', amount: '30.00' } },
  };
}

async function pollTasks(accessToken, ids) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { data } = await client.batchGet({
      resourcePath: '/simpleJobPostingTasks', ids, accessToken, versionString: VERSION,
    });
    if (ids.every((id) => data.results[id] && data.results[id].status !== 'IN_PROGRESS')) return data.results;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the tasks stay in progress');
}

async function post() {
  const parent = await fetchToken(credentials.parent);
  const child = await fetchToken(credentials.child);
  const created = await client.create({
    resourcePath: '/provisionedApplications', accessToken: parent.token,
    entity: { uniqueForeignId: 'js-1', name: 'Sandbox - Js', description: 'A customer' },
  });
  const found = await client.finder({
    resourcePath: '/provisionedApplications', finderName: 'credentialsByUniqueForeignId',
    queryParams: { uniqueForeignId: 'js-1' }, accessToken: parent.token,
  });
  const key = found.data.elements[0].key;
  const updated = await client.partialUpdate({
    resourcePath: '/provisionedApplications/{key}', pathKeys: { key }, accessToken: parent.token,
    patchSetObject: { validJsSdkDomains: ['https://x.example'] },
  });
  const tunnelled = await client.partialUpdate({
    resourcePath: '/provisionedApplications/{key}', pathKeys: { key }, accessToken: parent.token,
    patchSetObject: { validJsSdkDomains: ['https://y.example'] }, queryParams: { padding: 'x'.repeat(4100) },
  });
  const contract = await client.action({
    resourcePath: '/provisionedHiringContracts', actionName: 'setup', accessToken: child.token,
    data: { partnerContractId: credentials.partner_contract_id }, versionString: VERSION,
  });
  const names = ['js-a', 'js-b', "weird,(id):'x' é"];
  const rows = await client.batchCreate({
    resourcePath: '/simpleJobPostings', accessToken: child.token, versionString: VERSION,
    entities: names.map((name) => element(name, contract.data.value.contract)),
  });
  const tasks = rows.data.elements.map((row) => row.id);
  const results = await pollTasks(child.token, tasks);
  const many = [...tasks, ...Array.from({ length: 95 }, (_, n) => `urn:li:simpleJobPostingTask:00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)];
  const wide = await client.batchGet({
    resourcePath: '/simpleJobPostingTasks', ids: many, accessToken: child.token, versionString: VERSION,
  });
  return {
    parent, child, created: created.status, foundKeys: Object.keys(found.data.elements[0]).sort(), updated: updated.status,
    tunnelledUpdate: tunnelled.status, contract: contract.data, rows: rows.data.elements.map((row) => row.status),
    statuses: tasks.map((id) => results[id].status), jobs: tasks.map((id) => results[id].jobPosting),
    wide: Object.keys(wide.data.results).length, wideMethod: wide.config.method,
  };
}

async function report() {
  const parent = await fetchToken(credentials.parent);
  const child = await fetchToken(credentials.child);
  const day = { year: credentials.day[0], month: credentials.day[1], day: credentials.day[2] };
  const dateRange = { start: day, end: day };
  const common = { resourcePath: '/partnerJobReports', accessToken: child.token, versionString: VERSION };
  const byIds = await client.batchGet({ ...common, ids: ['js-a', "weird,(id):'x' é", 'none'], queryParams: { dateRange } });
  const pages = [];
  for (let start = 0; ; start += 2) {
    const page = await client.finder({ ...common, finderName: 'dateRange', queryParams: { dateRange, start, count: 2 } });
    pages.push(page.data);
    if (!page.data.paging.links.some((link) => link.rel === 'next')) break;
  }
  const budget = await client.get({
    resourcePath: '/partnerBudgetReports', accessToken: parent.token, versionString: VERSION,
    queryParams: { partnerContractId: credentials.partner_contract_id },
  });
  return { byIds: byIds.data, pages, budget: budget.data };
}

({ post, report })[process.argv[3]]()
  .then((found) => process.stdout.write(JSON.stringify(found)))
  .catch((error) => {
    process.stderr.write(`${error.stack}\n${JSON.stringify(error.response && error.response.data)}\n`);
    process.exit(1);
  });
