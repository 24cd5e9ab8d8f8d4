// The client speaks to LinkedIn as LinkedIn's own clients do: the same requests as recorded, the values of recorded replies.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LINKEDIN } from "../dist/index.js";
import { collect, decodeQuery, GivenResponses, openGiven } from "./doubles.mjs";

const FIXTURES = new URL("../../../tests/fixtures/recorded/", import.meta.url);
const REPLIES = new URL("../../../../shared/fixtures/lts_java_sdk/", import.meta.url);
const RECORDED = ["python_client", "java_lts_sdk", "js_client"].flatMap((name) =>
  readFileSync(new URL(`${name}.jsonl`, FIXTURES), "utf8").trim().split("\n").map((line) => JSON.parse(line)),
);
const FIRST_TASK = "urn:li:simpleJobPostingTask:c85fc9e7-b434-44d2-b9c1-a5ac688a1fe1";
const SECOND_TASK = "urn:li:simpleJobPostingTask:d958f4d2-3079-4290-8891-3a73e4fb70d7";

function findRecorded(method, pattern) {
  const found = RECORDED.filter((one) => one.method === method && pattern.test(one.target));
  assert.ok(found.length > 0, String(pattern));
  return found;
}

function headerOf(recorded, name) {
  return recorded.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

async function sentBy(act, answer) {
  const given = new GivenResponses(() => answer);
  await act(openGiven(given, { server: LINKEDIN }));
  assert.equal(given.requests.length, 1);
  return given.requests[0];
}

function readAsked(recorded) {
  const [path, query] = recorded.target.split(/\?(.*)/s);
  const asked = decodeQuery(query);
  const write = ({ year, month, day }) => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const [first, last] = [asked.dateRange.start, asked.dateRange.end].map(write);
  const options = asked.partnerContractId ? { partnerContractId: Number(asked.partnerContractId) } : {};
  return { path, asked, first, last, options };
}

for (const recorded of findRecorded("GET", /\/rest\/partnerJobReports\?.*ids=List\([^:)]*\).*dateRange/)) {
  test(`a report by ids is requested as by the official clients: ${recorded.target.slice(0, 90)}`, async () => {
    const { path, asked, first, last, options } = readAsked(recorded);
    const request = await sentBy((client) => collect(client.reports.byIds(asked.ids, first, last, options)), { results: {}, errors: {} });
    assert.equal(request.url.pathname, path);
    assert.deepEqual(decodeQuery(request.url.search.slice(1)), asked);
    for (const name of ["LinkedIn-Version", "X-RestLi-Protocol-Version"]) assert.equal(request.headers[name], headerOf(recorded, name));
  });
}

for (const recorded of findRecorded("GET", /partnerJobReports\?.*q=dateRange/)) {
  const { asked, first, last, options } = readAsked(recorded);
  if (Date.parse(last) - Date.parse(first) >= 7 * 86_400_000) continue; // refused; our client splits it
  test(`a report by days is requested as by the official clients: ${recorded.target.slice(0, 90)}`, async () => {
    const request = await sentBy((client) => collect(client.reports.byDays(first, last, options)), { elements: [] });
    const { start, count, ...ours } = decodeQuery(request.url.search.slice(1));
    const { start: _, count: __, ...theirs } = asked;
    assert.deepEqual(ours, theirs);
    assert.deepEqual([start, count], ["0", "50"]);
  });
}

test("jobs are posted as by the official clients", async () => {
  const [recorded] = findRecorded("POST", /^\/rest\/simpleJobPostings$/);
  const { elements } = JSON.parse(recorded.body);
  const rows = elements.map(() => ({ status: 202, id: FIRST_TASK }));
  const request = await sentBy((client) => collect(client.jobs.submit(elements)), { elements: rows });
  assert.deepEqual(JSON.parse(request.body), { elements });
  assert.equal(request.headers["X-RestLi-Method"].toLowerCase(), headerOf(recorded, "X-RestLi-Method").toLowerCase());
});

test("a contract is set up as by the official clients", async () => {
  const [recorded] = findRecorded("POST", /provisionedHiringContracts\?action=setup/);
  const request = await sentBy((client) => client.contracts.setUp({ partnerContractId: 2_008_128_679 }), { value: { key: "a", contract: "b" } });
  assert.equal(request.target, recorded.target);
  assert.deepEqual(JSON.parse(request.body), JSON.parse(recorded.body));
});

// -- replies

const skip = !existsSync(REPLIES) && "the replies of LinkedIn's SDK are not beside the checkout";

function reading(name) {
  const reply = JSON.parse(readFileSync(new URL(`${name}.json`, REPLIES), "utf8"));
  return openGiven(new GivenResponses(() => reply), { server: LINKEDIN });
}

test("replies about applications and contracts are read", { skip }, async () => {
  const fields = { uniqueForeignId: "a", name: "b", description: "c" };
  const created = await reading("CreateApplicationSuccessResponse").applications.create(fields);
  assert.deepEqual(created, { urn: "urn:li:developerApplication:234", clientId: "1234567890", clientSecret: "ABCDEFGHIJKL" });
  const found = await reading("GetApplicationSuccessResponse").applications.find("Unique Foreign ID");
  assert.deepEqual([found.clientId, found.name, found.jsDomains.length], ["123abc456defga", "Test Application", 2]);
  assert.equal((await reading("P4PProvisionCustomerHiringContractsSuccessResponse").contracts.setUp()).urn, "urn:li:contract:67890");
});

test("replies about jobs are read", { skip }, async () => {
  const [accepted] = await collect(reading("JobPostingSuccessResponse").jobs.submit([{ externalJobPostingId: "a" }]));
  assert.deepEqual(accepted.taskUrns, [SECOND_TASK]);
  const [first, second] = await collect(reading("MultipleTaskStatusSuccessResponse").jobs.readTasks([FIRST_TASK, SECOND_TASK]));
  assert.deepEqual([first.status, first.jobId, second.status], ["SUCCEEDED", 4_217_555_213, "IN_PROGRESS"]);
  const [status] = await collect(reading("JobPostingStatusSuccessResponse").jobs.readStatuses(["112233445566"]));
  assert.deepEqual([status.listingStatus, status.promotionStatus, status.companyName], ["LISTED", "NOT_PROMOTED", undefined]);
  assert.equal(status.expiresAt.getTime(), 1_762_010_139_000);
});

test("replies to reports are read", { skip }, async () => {
  const day = "2025-05-10";
  const [report] = await collect(reading("P4PJobPerformanceReportsByIdsSuccessResponse").reports.byIds(["112233445566"], day, day));
  assert.deepEqual([report.jobId, report.days, report.lifetimeSpent], [4_249_477_487, [], undefined]);
  const reports = await collect(reading("P4PJobPerformanceReportsByDateSuccessResponse").reports.byDays(day, day));
  assert.equal(new Set(reports.map((one) => one.externalId)).size, 13);
  const budget = await reading("P4PPartnerBudgetReportResponse").reports.budget({ partnerContractId: 2_008_128_679 });
  assert.deepEqual([budget.spent, budget.limit], [{ amountMicros: 21_840_000n, currency: "USD" }, { amountMicros: 10n ** 11n, currency: "USD" }]);
});

test("what LinkedIn leaves out or writes otherwise is read", async () => {
  const task = { externalJobPostingId: 112233, status: "FAILED", errorMessage: "This job's budget has ran out." };
  const [read] = await collect(openGiven(new GivenResponses(() => ({ results: { t: task } }))).jobs.readTasks(["t"]));
  assert.deepEqual([read.externalId, read.jobId, read.status], ["112233", undefined, "FAILED"]);
  const jobPostingError = { code: "ERROR_INVALID_LISTED_AT_FIELD", message: "x cannot be coerced to Long", status: 422 };
  const rows = { elements: [{ status: 422, jobPostingError }] };
  const [refused] = await collect(openGiven(new GivenResponses(() => rows)).jobs.submit([{ externalJobPostingId: "a" }]));
  assert.deepEqual([refused.externalId, refused.error.status, refused.error.label], ["a", 422, "ERROR_INVALID_LISTED_AT_FIELD"]);
});
