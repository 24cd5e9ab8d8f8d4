// Reports, jobs and charges against given responses: what is requested, what comes of it, and what is noticed of wrong pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ItemError, LINKEDIN, listDays, RefusedError, UnreadableError, WaitEndedError, writeMoney } from "../dist/index.js";
import { collect, decodeQuery, FakeTime, GivenResponses, inTurn, openGiven, refuse } from "./doubles.mjs";

const FIRST = "2026-01-20";
const MISSING = { code: "6013", status: 404, message: "No job posting information found" };

const names = (count) => Array.from({ length: count }, (_, number) => `job-${number}`);

function writeReport(name, ...metrics) {
  return {
    jobPostingInfo: { externalJobPostingId: name, linkedInJobPostingId: 42, jobTitle: "Pilot", companyDetails: null },
    jobPerformanceMetrics: metrics.map(([day, amount, clicks]) => {
      const [year, month, dayOfMonth] = day.split("-").map(Number);
      return {
        date: { year, month, day: dayOfMonth }, charge: { currencyCode: "USD", amount }, applyClickCount: clicks, viewCount: 40,
        aNewField: { of: "LinkedIn" },
      };
    }),
  };
}

function readSpan(request) {
  const { dateRange } = decodeQuery(request.url.search.slice(1));
  const write = ({ year, month, day }) => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return [write(dateRange.start), write(dateRange.end)];
}

/** Pages of reports by days, as a server has them; `wrong` changes an answer by the number of its request. */
class Pages {
  number = 0;

  constructor(jobs, { wrong = {}, hasTotal = true } = {}) {
    Object.assign(this, { jobs, wrong, hasTotal });
  }

  answer = (request) => {
    this.number += 1;
    const query = decodeQuery(request.url.search.slice(1));
    const change = this.wrong[this.number] ?? ((start) => start);
    const [start, count] = [change(Number(query.start), this), Number(query.count)];
    const [first] = readSpan(request);
    const elements = this.jobs.slice(start, start + count).map((name) => writeReport(name, [first, "1.50", 1]));
    return { elements, paging: { start, count, links: [], ...(this.hasTotal ? { total: this.jobs.length } : {}) } };
  };
}

async function readNames(pages, options) {
  const given = new GivenResponses(pages.answer);
  const reports = await collect(openGiven(given, options).reports.byDays(FIRST, FIRST));
  return { given, names: reports.map((report) => report.externalId) };
}

test("a range by days is requested week by week and page by page", async () => {
  const given = new GivenResponses(new Pages(names(120)).answer);
  const rows = await collect(listDays(openGiven(given).reports.byDays(FIRST, "2026-01-29", { partnerContractId: 5 })));
  const asked = given.requests.map((request) => [...readSpan(request), decodeQuery(request.url.search.slice(1)).start]);
  const weeks = [[FIRST, "2026-01-26"], ["2026-01-27", "2026-01-29"]];
  assert.deepEqual(asked, weeks.flatMap((week) => ["0", "50", "100"].map((start) => [...week, start])));
  assert.ok(given.targets.every((target) => target.includes("partnerContractId=5")));
  assert.deepEqual(rows.map((row) => [row.externalId, row.day]), weeks.flatMap(([day]) => names(120).map((name) => [name, day])));
});

for (const [count, hasTotal, requests] of [[0, true, 1], [50, true, 1], [51, true, 2], [0, false, 1], [50, false, 2], [70, false, 2]]) {
  test(`the last page is recognized: ${count} jobs, total ${hasTotal}`, async () => {
    const { given, names: found } = await readNames(new Pages(names(count), { hasTotal }));
    assert.deepEqual([found.length, given.requests.length], [count, requests]);
  });
}

test("a page that comes twice is noticed and requested again", async () => {
  const world = new FakeTime();
  const { names: found } = await readNames(new Pages(names(120), { wrong: { 2: () => 0, 3: () => 0 } }), { world });
  assert.deepEqual([found, world.waits.length], [names(120), 2]);
});

test("jobs that move between pages while these are read are neither lost nor doubled", async () => {
  const add = (start, pages) => {
    pages.jobs = ["new", ...pages.jobs];
    return start;
  };
  const { names: found } = await readNames(new Pages(names(120), { wrong: { 2: add } }));
  assert.deepEqual(found.sort(), [...names(120), "new"].sort());
});

test("pages that remain incomplete are an error", async () => {
  const given = new GivenResponses((request) => ({ ...new Pages(names(60)).answer(request), elements: [writeReport("job-0")] }));
  await assert.rejects(collect(openGiven(given).reports.byDays(FIRST, FIRST)), /1 jobs of 60/);
});

test("a response for other days or other jobs is noticed", async () => {
  const limits = { attemptsMax: 2 };
  const days = openGiven(new GivenResponses(() => ({ elements: [writeReport("a", ["2025-01-01", "1", 1])] })), { limits });
  await assert.rejects(collect(days.reports.byDays(FIRST, FIRST)), /2025-01-01/);
  const jobs = openGiven(new GivenResponses(() => ({ results: { z: writeReport("z") }, errors: {} })), { limits });
  await assert.rejects(collect(jobs.reports.byIds(["a"], FIRST, FIRST)), (error) => error instanceof UnreadableError && /"z"/.test(error.message));
});

test("reports by ids are requested month by month and joined", async () => {
  const given = new GivenResponses((request) => {
    const [first, last] = readSpan(request);
    const { ids } = decodeQuery(request.url.search.slice(1));
    return { results: Object.fromEntries(ids.map((name) => [name, writeReport(name, [first, "1.50", 1], [last, "0.75", 2])])), errors: {} };
  });
  const reports = await collect(openGiven(given).reports.byIds(names(12), FIRST, "2026-03-04"));
  const spans = [[FIRST, "2026-01-31"], ["2026-02-01", "2026-02-28"], ["2026-03-01", "2026-03-04"]];
  assert.deepEqual(given.requests.map(readSpan), [...spans, ...spans]);
  assert.deepEqual(reports.map((report) => report.externalId), names(12));
  assert.deepEqual(reports[0].days.map(({ day }) => day), spans.flat());
  const charge = { amountMicros: 750_000n, currency: "USD" };
  assert.deepEqual(reports[0].days[1], { externalId: "job-0", day: "2026-01-31", views: 40, applyClicks: 2, charge });
});

test("an id that is in no report is an error of its own", async () => {
  const given = new GivenResponses((request) => {
    const [first] = readSpan(request);
    if (first.startsWith("2026-02")) return { results: { a: writeReport("a", [first, "1", 1]) }, errors: { b: MISSING }, statuses: {} };
    return { results: {}, errors: { a: MISSING, b: MISSING } };
  });
  const [found, missing] = await collect(openGiven(given).reports.byIds(["a", "b"], FIRST, "2026-02-02"));
  assert.deepEqual(found.days.map(({ day }) => day), ["2026-02-01"]);
  assert.ok(missing instanceof ItemError && missing.error instanceof RefusedError);
  assert.deepEqual([missing.externalId, missing.error.code, missing.error.status], ["b", 6013, 404]);
});

test("ids are escaped and the range is that of the protocol", async () => {
  const given = new GivenResponses(() => ({ results: {}, errors: {} }));
  await collect(openGiven(given, { server: LINKEDIN }).reports.byIds(["weird,(id):'x' é!*", "plain"], FIRST, FIRST));
  const [{ target, headers, url }] = given.requests;
  assert.equal(url.host, "api.linkedin.com");
  assert.ok(target.includes("ids=List(weird%2C%28id%29%3A%27x%27%20%C3%A9%21%2A,plain)"), target);
  assert.ok(target.includes("dateRange=(start:(year:2026,month:1,day:20),end:("), target);
  assert.deepEqual([headers["LinkedIn-Version"], headers["X-RestLi-Protocol-Version"]], ["202504", "2.0.0"]);
});

for (const [amount, micros] of [["1.23", 1_230_000n], ["100000", 10n ** 11n], ["-0.5", -500_000n], ["1.5000000000", 1_500_000n], ["9007199254.740993", 9_007_199_254_740_993n]]) {
  test(`amounts are read exactly: ${amount}`, async () => {
    const given = new GivenResponses(() => ({ elements: [writeReport("a", [FIRST, amount, 1])] }));
    const [row] = await collect(listDays(openGiven(given).reports.byDays(FIRST, FIRST)));
    assert.equal(row.charge.amountMicros, micros);
  });
}

for (const amount of ["1e3", "1,50", "", "0.0000001", "NaN", "9".repeat(14), 1.5]) {
  test(`an amount that cannot be kept exactly is an error: ${amount}`, async () => {
    const given = new GivenResponses(() => ({ elements: [writeReport("a", [FIRST, amount, 1])] }));
    await assert.rejects(collect(openGiven(given, { limits: { attemptsMax: 1 } }).reports.byDays(FIRST, FIRST)), UnreadableError);
  });
}

for (const [micros, currency, amount] of [[30_000_000n, "USD", "30.00"], [500_000_000n, "JPY", "500"], [1_234_567n, "USD", "1.234567"], [-500_000n, "EUR", "-0.50"], [1_500_000n, "KWD", "1.500"]]) {
  test(`amounts are written as on the wire: ${amount} ${currency}`, () => {
    assert.deepEqual(writeMoney({ amountMicros: micros, currency }), { currencyCode: currency, amount });
  });
}

test("an error ends the stream after what was read", async () => {
  const pages = new Pages(names(60));
  const given = new GivenResponses((request) => (pages.number === 0 ? pages.answer(request) : refuse(400, { serviceErrorCode: 6009, message: "too old" })));
  const seen = [];
  await assert.rejects(async () => {
    for await (const report of openGiven(given).reports.byDays(FIRST, FIRST)) seen.push(report.externalId);
  }, (error) => error.code === 6009);
  assert.deepEqual(seen, names(50));
});

test("a range that ends before it begins has no requests, and a text that is not a day is refused", async () => {
  const given = new GivenResponses(() => ({}));
  const { reports } = openGiven(given);
  assert.deepEqual(await collect(reports.byDays("2026-03-02", "2026-03-01")), []);
  for (const day of ["2026-02-30", "20260301", "2026-3-1", "yesterday"]) {
    await assert.rejects(collect(reports.byDays(day, "2026-03-05")), RangeError);
    await assert.rejects(collect(reports.byIds(["a"], "2026-01-01", day)), RangeError);
  }
  assert.equal(given.requests.length, 0);
});

test("a later operation on a job is sent in a later batch, and a hundred in each", async () => {
  const given = new GivenResponses((request) => ({
    elements: JSON.parse(request.body).elements.map(({ title }) => (title ? { status: 202, id: title } : { status: 422, error: { message: "/title" } })),
  }));
  const element = (name, title) => ({ externalJobPostingId: name, title });
  const operations = [...names(150).map((name) => element(name, `task ${name}`)), element("job-149", "again"), element("flawed", "")];
  const outcomes = await collect(openGiven(given).jobs.submit(operations));
  assert.deepEqual(given.requests.map((request) => JSON.parse(request.body).elements.length), [100, 50, 2]);
  assert.ok(given.requests.every((request) => request.headers["X-RestLi-Method"] === "batch_create"));
  assert.deepEqual(outcomes.at(-2).taskUrns, ["again"]);
  assert.deepEqual([outcomes.at(-1).externalId, outcomes.at(-1).error.status], ["flawed", 422]);
  assert.equal(outcomes.length, 152);
});

test("a response with fewer rows than operations is noticed", async () => {
  const client = openGiven(new GivenResponses(() => ({ elements: [] })), { limits: { attemptsMax: 1 } });
  await assert.rejects(collect(client.jobs.submit([{ externalJobPostingId: "a" }])), /0 rows for 1/);
});

test("waiting for a task has an end and names what is left", async () => {
  const urn = "urn:li:simpleJobPostingTask:1";
  const given = new GivenResponses(() => ({ results: { [urn]: { status: "IN_PROGRESS" } } }));
  await assert.rejects(collect(openGiven(given).jobs.awaitTasks([urn], { secondsMax: 5 })), (error) => {
    assert.ok(error instanceof WaitEndedError);
    assert.deepEqual(error.pending, [urn]);
    return true;
  });
  assert.equal(given.requests.length, 4); // after 0, 2, 4 and 5 seconds
});

test("many tasks are several requests with a query that LinkedIn accepts", async () => {
  const urns = names(120).map((_, number) => `urn:li:simpleJobPostingTask:00000000-0000-0000-0000-${String(number).padStart(12, "0")}`);
  const given = new GivenResponses((request) => ({
    results: Object.fromEntries(decodeQuery(request.url.search.slice(1)).ids.map((urn) => [urn, { status: "SUCCEEDED" }])),
  }));
  const tasks = await collect(openGiven(given, { server: LINKEDIN }).jobs.readTasks(urns));
  assert.deepEqual(tasks.map((task) => task.urn), urns);
  assert.ok(given.requests.every((request) => request.url.search.length < 4_000));
});

function writeCharge(cursor) {
  return {
    type: "CHARGE", cursor: String(cursor), externalJobPostingId: "a", jobPosting: "urn:li:jobPosting:7", developerApplication: "x",
    day: FIRST, reference: `r${cursor}`, amount: { currencyCode: "USD", amount: "1.50" }, bookedAt: "2026-01-20T10:00:00+00:00", corrects: null,
  };
}

test("the stream of charges is followed, and a page that comes twice is noticed", async () => {
  const first = { elements: [writeCharge(1), writeCharge(5)], cursor: "6", hasMore: true };
  const second = { elements: [writeCharge(9007199254740993n)], cursor: "9007199254740993", hasMore: false };
  const given = new GivenResponses(inTurn(first, first, second));
  const charges = await collect(openGiven(given).charges.follow());
  assert.deepEqual(charges.map(({ cursor }) => cursor), ["1", "5", "9007199254740993"]);
  assert.deepEqual([charges[0].jobId, charges[0].corrects, charges[0].bookedAt.getTime()], [7, undefined, Date.UTC(2026, 0, 20, 10)]);
  assert.deepEqual(given.requests.map((request) => request.url.searchParams.get("after")), ["0", "6", "6"]);
});

test("a file of an invoice is compared with its hash", async () => {
  const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of "abc"
  const answer = (body) => new Response(body, { headers: { ETag: `"${hash}"`, "Content-Disposition": 'attachment; filename="a.csv"' } });
  const given = new GivenResponses(inTurn(answer("ab"), answer("abc")));
  const file = await openGiven(given).invoices.download(5, "csv");
  assert.deepEqual([file.name, file.sha256, new TextDecoder().decode(file.content)], ["a.csv", hash, "abc"]);
  assert.deepEqual(given.targets, ["/partner/invoices/5/files/csv", "/partner/invoices/5/files/csv"]);
});
