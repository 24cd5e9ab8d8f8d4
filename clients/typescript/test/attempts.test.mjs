// What is tried again, how long the client waits, and that each wait has an end: with time and randomness passed in.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Client, ClientError, jobmeterAt, LINKEDIN, NoResponseError, openApi, RefusedError, ThrottledError, UnreadableError,
} from "../dist/index.js";
import { broken, FakeTime, GivenResponses, inTurn, openGiven, refuse, START, URL_OF_SERVER } from "./doubles.mjs";

const money = (amount) => ({ currencyCode: "USD", amount });
const BUDGET = {
  partnerBudgetDetails: [{ serviceTermBudgetSpent: money("21.84"), serviceTermBudgetLimit: money("100000") }],
};
const THROTTLED = { serviceErrorCode: 101, code: "TOO_MANY_REQUESTS", message: "Resource level throttle limit" };
const SET_UP = { value: { key: "urn:li:developerApplication:1", contract: "urn:li:contract:2" } };
const EXPIRED = { serviceErrorCode: 65602, code: "EXPIRED_ACCESS_TOKEN", message: "expired" };
const TIMEOUT = new DOMException("timed out", "TimeoutError");

const TEMPORARY = {
  500: () => refuse(500, { message: "Internal Server Error" }),
  503: () => refuse(503, { message: "busy" }),
  429: () => refuse(429, THROTTLED),
  "a page of a proxy": () => new Response("<html>bad gateway</html>", { status: 502 }),
  "JSON that is cut off": () => new Response('{"partnerBudgetDetails": [{"serviceTerm'),
  "no UTF-8": () => new Response(new Uint8Array([0xff, 0xfe])),
  "another shape": () => Response.json({ partnerBudgetDetails: "text" }),
  unreachable: () => broken("ECONNREFUSED"),
  "time-out": () => TIMEOUT,
  reset: () => broken("ECONNRESET"),
  "a body that breaks": () => new Response(new ReadableStream({ pull(stream) { stream.error(broken("ECONNRESET")); } })),
};

for (const [name, fail] of Object.entries(TEMPORARY)) {
  test(`a reading request is tried again after: ${name}`, async () => {
    const world = new FakeTime();
    const answers = [fail(), fail(), BUDGET];
    const given = new GivenResponses(() => answers.shift());
    const budget = await openGiven(given, { world }).reports.budget({ partnerContractId: 7 });
    assert.equal(budget.spent.amountMicros, 21_840_000n);
    assert.equal(given.requests.length, 3);
    assert.equal(world.waits.length, 2);
  });
}

for (const [status, body, code] of [
  [400, { serviceErrorCode: 6011, message: "two months" }, 6011],
  [403, { serviceErrorCode: 100, code: "ACCESS_DENIED", message: "Not enough permissions" }, 100],
  [404, { code: "6013", message: "No job posting" }, 6013],
  [404, { message: "nothing of ours" }, undefined],
  [501, { code: "EXTRA_MISSING", message: "This server cannot make a PDF" }, undefined],
]) {
  test(`a refusal is thrown at once with its code: ${status} ${code}`, async () => {
    const world = new FakeTime();
    const client = openGiven(new GivenResponses(() => refuse(status, body)), { world });
    await assert.rejects(client.reports.budget(), (error) => {
      assert.ok(error instanceof RefusedError && error instanceof ClientError);
      assert.deepEqual([error.status, error.code, world.waits], [status, code, []]);
      assert.match(error.message, new RegExp(body.message));
      return true;
    });
  });
}

test("waits double up to a limit, vary, and have an end", async () => {
  const world = new FakeTime();
  const limits = { firstWaitSeconds: 1, longestWaitSeconds: 8, attemptsMax: 20, waitSecondsMax: 40 };
  const client = openGiven(new GivenResponses(() => TIMEOUT), { world, limits });
  await assert.rejects(client.reports.budget(), NoResponseError);
  world.waits.forEach((wait, at) => {
    const longest = Math.min(8, 2 ** at);
    assert.ok(wait >= longest / 2 && wait <= longest, `${wait} of ${longest}`);
  });
  assert.ok(world.waits.reduce((sum, wait) => sum + wait, 0) <= 40);
  assert.ok(new Set(world.waits.slice(3)).size > 1, "no jitter");
});

test("attempts have an end too", async () => {
  const given = new GivenResponses(() => refuse(503, { message: "busy" }));
  const limits = { attemptsMax: 3, waitSecondsMax: 1e6 };
  await assert.rejects(openGiven(given, { limits }).reports.budget(), RefusedError);
  assert.equal(given.requests.length, 3);
});

for (const text of ["20", new Date(START + 20_000).toUTCString()]) {
  test(`Retry-After is respected: ${text}`, async () => {
    const world = new FakeTime();
    await openGiven(new GivenResponses(inTurn(refuse(429, THROTTLED, { "Retry-After": text }), BUDGET)), { world }).reports.budget();
    assert.equal(world.waits.length, 1);
    assert.ok(world.waits[0] >= 20 && world.waits[0] <= 20.5);
  });
}

test("a quota that returns tomorrow is reported at once", async () => {
  const world = new FakeTime();
  const given = new GivenResponses(() => refuse(429, THROTTLED, { "Retry-After": "54000" }));
  await assert.rejects(openGiven(given, { world }).reports.budget(), (error) => {
    assert.ok(error instanceof ThrottledError);
    assert.deepEqual([error.retryAfterSeconds, world.waits], [54_000, []]);
    return true;
  });
});

for (const [name, failure, attempts] of [
  ["500", refuse(500, { message: "Internal Server Error" }), 1],
  ["time-out", TIMEOUT, 1],
  ["reset", broken("ECONNRESET"), 1],
  ["a socket that closes", broken("UND_ERR_SOCKET"), 1],
  ["cut off", new Response('{"value": {"key"'), 1],
  ["429", refuse(429, THROTTLED), 2],
  ["refused connection", broken("ECONNREFUSED"), 2],
  ["unknown host", broken("ENOTFOUND"), 2],
  ["time-out of the connection", broken("UND_ERR_CONNECT_TIMEOUT"), 2],
  ["401", refuse(401, EXPIRED), 2],
]) {
  test(`a write at LinkedIn is repeated only if it was not executed: ${name}`, async () => {
    const given = new GivenResponses(inTurn(failure, SET_UP));
    const writing = openGiven(given, { server: LINKEDIN }).contracts.setUp();
    if (attempts === 1) await assert.rejects(writing, (error) => error.mayHaveHappened === true);
    else assert.equal((await writing).urn, "urn:li:contract:2");
    assert.equal(given.requests.length, attempts);
  });
}

for (const failure of [
  broken("ECONNRESET"),
  refuse(500, { message: "x" }),
  refuse(409, { code: "IDEMPOTENCY_KEY_IN_USE", message: "x" }),
  new Response("{"),
]) {
  test(`a write at Jobmeter is repeated under the same key: ${failure}`, async () => {
    const given = new GivenResponses(inTurn(failure, SET_UP));
    const client = openGiven(given);
    await client.contracts.setUp();
    await client.contracts.setUp();
    const [first, second, third] = given.requests.map((request) => request.headers["Idempotency-Key"]);
    assert.ok(first && third);
    assert.equal(first, second);
    assert.notEqual(second, third);
  });
}

test("no reading request has an idempotency key", async () => {
  const given = new GivenResponses(() => BUDGET);
  await openGiven(given).reports.budget();
  assert.equal(given.requests[0].headers["Idempotency-Key"], undefined);
});

test("a token that the server no longer accepts is replaced once", async () => {
  const given = new GivenResponses(inTurn(refuse(401, EXPIRED), BUDGET));
  await openGiven(given).reports.budget();
  assert.deepEqual(given.authorizations, ["Bearer token-1", "Bearer token-2"]);
});

test("a server that accepts no token ends with its error", async () => {
  const given = new GivenResponses(() => refuse(401, EXPIRED));
  await assert.rejects(openGiven(given).reports.budget(), (error) => error.label === "EXPIRED_ACCESS_TOKEN");
  assert.equal(given.requests.length, 2);
});

for (const [lifetime, usable] of [[1800, 1770], ["3600", 3570], [60, 30], [20, 10]]) {
  test(`a token of ${lifetime} seconds is used for ${usable}`, async () => {
    const world = new FakeTime();
    const given = new GivenResponses(() => BUDGET, { tokenSeconds: lifetime });
    const client = openGiven(given, { world });
    for (const seconds of [0, usable - 1, 1]) {
      world.now += seconds * 1000;
      await client.reports.budget();
    }
    assert.deepEqual(given.authorizations, ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
  });
}

test("calls at the same moment share one token, renew it once, and replace a revoked one once", async () => {
  const world = new FakeTime();
  const given = new GivenResponses((request) =>
    request.headers.Authorization === "Bearer token-2" ? refuse(401, EXPIRED) : BUDGET,
  );
  const client = openGiven(given, { world });
  const readAll = () => Promise.all(Array.from({ length: 16 }, () => client.reports.budget()));
  await readAll();
  assert.equal(given.tokenRequests.length, 1);
  world.now += 3_600_000;
  await readAll();
  assert.equal(given.tokenRequests.length, 3);
});

test("an error of the token is shared, and nothing is sent without one", async () => {
  let tokens = 0;
  const fetch = async () => {
    tokens += 1;
    return refuse(401, { error: "invalid_client", error_description: "Client authentication failed" });
  };
  const world = new FakeTime();
  const client = new Client(jobmeterAt(URL_OF_SERVER), { clientId: "a", clientSecret: "hidden" }, { surroundings: world.surroundings(fetch) });
  const settled = await Promise.allSettled(Array.from({ length: 8 }, () => client.reports.budget()));
  assert.equal(tokens, 1);
  for (const { reason } of settled) {
    assert.deepEqual([reason.label, reason.mayHaveHappened], ["invalid_client", false]);
    assert.doesNotMatch(`${reason.stack}${JSON.stringify(reason)}`, /hidden/);
  }
});

test("the token request has the form of the official clients", async () => {
  const given = new GivenResponses(() => BUDGET);
  await openGiven(given, { server: LINKEDIN }).reports.budget();
  const [request] = given.tokenRequests;
  assert.equal(request.url.href, "https://www.linkedin.com/oauth/v2/accessToken");
  assert.equal(request.body, "grant_type=client_credentials&client_id=cid&client_secret=sec%26r%3Dt%25%2B%C3%A9");
  assert.equal(request.headers["Idempotency-Key"], undefined);
});

test("a base URL may have a slash and a path", async () => {
  const given = new GivenResponses(() => BUDGET);
  await openGiven(given, { server: jobmeterAt(`${URL_OF_SERVER}/board/`) }).reports.budget({ partnerContractId: 7 });
  assert.deepEqual(given.targets, ["/board/rest/partnerBudgetReports?partnerContractId=7"]);
});

test("a response that does not end does not hold the caller", async () => {
  const fetch = (url, options) =>
    url.endsWith("accessToken")
      ? Promise.resolve(Response.json({ access_token: "t", expires_in: 1800 }))
      : new Promise((_, reject) => options.signal.addEventListener("abort", () => reject(options.signal.reason)));
  const alive = setInterval(() => {}, 1_000); // as the open connection would keep the process
  const limits = { attemptsMax: 2, requestSeconds: 0.01 };
  await assert.rejects(openGiven({ fetch }, { limits }).reports.budget(), NoResponseError);
  clearInterval(alive);
});

test("no error shows a secret", async () => {
  for (const answer of [refuse(400, { message: "no" }), new Response('{"credentials": {"client_secret": "hidden", "')]) {
    const client = openGiven(new GivenResponses(() => answer), { limits: { attemptsMax: 1 } });
    const fields = { uniqueForeignId: "a", name: "b", description: "c" };
    await assert.rejects(client.applications.create(fields), (error) => {
      assert.ok(error instanceof RefusedError || error instanceof UnreadableError);
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /hidden|sec&r|token-1/);
      return true;
    });
  }
});

test("the generated functions have the token, the attempts, the key and the encoding of the session", async () => {
  const given = new GivenResponses(inTurn(broken("ECONNRESET"), refuse(503), { id: 5 }, { results: {} }));
  const { api } = openGiven(given);
  const body = { kinds: ["CHARGES"], url: "https://example.com/hook" };
  assert.deepEqual(await api.registerPartnerWebhook({ body }), { id: 5 });
  await api.getPartnerJobReports({
    query: {
      ids: ["a,b", "c"],
      "dateRange.start.year": 2026, "dateRange.start.month": 3, "dateRange.start.day": 1,
      "dateRange.end.year": 2026, "dateRange.end.month": 3, "dateRange.end.day": 2,
    },
  });
  const [first, , third, report] = given.requests;
  assert.equal(new TextDecoder().decode(third.body), JSON.stringify(body));
  assert.ok(first.headers["Idempotency-Key"]);
  assert.equal(first.headers["Idempotency-Key"], third.headers["Idempotency-Key"]);
  assert.equal(
    report.target,
    "/rest/partnerJobReports?ids=List(a%2Cb,c)&dateRange=(start:(year:2026,month:3,day:1),end:(year:2026,month:3,day:2))",
  );
  assert.equal(report.headers["X-RestLi-Protocol-Version"], "2.0.0");
  assert.equal(report.headers["LinkedIn-Version"], "202504");
  assert.equal(report.headers.Authorization, "Bearer token-1");
});

test("a refusal of a generated function is an error of the same family", async () => {
  const given = new GivenResponses(() => refuse(404, { code: "OPERATOR_UNKNOWN", message: "no" }));
  await assert.rejects(openGiven(given).api.listPartnerWebhooks(), (error) => error instanceof RefusedError && error.status === 404);
});

test("a key of the operator is sent as it is", async () => {
  const given = new GivenResponses(() => ({ elements: [] }));
  const api = openApi(jobmeterAt(URL_OF_SERVER), "the-key", { surroundings: new FakeTime().surroundings(given.fetch) });
  assert.deepEqual(await api.listOperatorPartners(), { elements: [] });
  assert.deepEqual(given.authorizations, ["Bearer the-key"]);
});
