// Owns networks for tests of the client: responses that are given, a network that fails; and a clock that moves when the client
// waits. Does not own any expectation.
import { Client, jobmeterAt } from "../dist/index.js";

export const URL_OF_SERVER = "http://board.example";
export const START = Date.parse("2026-03-02T09:00:00Z");
const TOKEN = "/oauth/v2/accessToken";
const NAP_SECONDS_MAX = 0.02;

/** Returns numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function makeRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A clock that moves only while the client waits. */
export class FakeTime {
  now = START;
  waits = [];

  surroundings(fetch) {
    return {
      fetch,
      now: () => this.now,
      sleep: async (seconds) => {
        this.waits.push(seconds);
        this.now += seconds * 1000;
      },
      random: makeRandom(1),
    };
  }
}

/** Waits for the background work of a sandbox, never as long as the client wants. */
export function nap(seconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.min(seconds, NAP_SECONDS_MAX) * 1000));
}

/** Returns what `answer` makes of each request, and keeps the requests; tokens are issued at once. */
export class GivenResponses {
  requests = [];
  tokenRequests = [];

  constructor(answer, { tokenSeconds = 1800 } = {}) {
    this.answer = answer;
    this.tokenSeconds = tokenSeconds;
  }

  fetch = async (url, options) => {
    const request = { url: new URL(url), target: url.replace(/^https?:\/\/[^/]+/, ""), ...options };
    if (request.url.pathname.endsWith(TOKEN)) {
      this.tokenRequests.push(request);
      return Response.json({ access_token: `token-${this.tokenRequests.length}`, expires_in: this.tokenSeconds });
    }
    this.requests.push(request);
    const found = await this.answer(request);
    if (found instanceof Error) throw found;
    return found instanceof Response ? found.clone() : Response.json(found);
  };

  get targets() {
    return this.requests.map((request) => request.target);
  }

  get authorizations() {
    return this.requests.map((request) => request.headers.Authorization);
  }
}

export function openGiven(given, { server = jobmeterAt(URL_OF_SERVER), world = new FakeTime(), limits = {} } = {}) {
  const credentials = { clientId: "cid", clientSecret: "sec&r=t%+é" };
  return new Client(server, credentials, { limits, surroundings: world.surroundings(given.fetch) });
}

/** Returns each answer once, the last one for ever. */
export function inTurn(...answers) {
  return () => (answers.length > 1 ? answers.shift() : answers[0]);
}

export function refuse(status, body = {}, headers = {}) {
  return Response.json({ status, ...body }, { status, headers });
}

/** The error of `fetch` whose cause is a failure of the network. */
export function broken(code) {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

export async function collect(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Reads the records of a query of protocol 2.0.0: `(a:1,b:(c:2))` and `List(a,b)`. */
export function decodeQuery(query) {
  return Object.fromEntries(query.split("&").filter(Boolean).map((pair) => {
    const [name, value] = pair.split(/=(.*)/s);
    return [decodeURIComponent(name), new Reader(value).read()];
  }));
}

class Reader {
  at = 0;

  constructor(text) {
    this.text = text;
  }

  read() {
    if (this.#skip("List(")) return this.#until(() => this.read());
    if (!this.#skip("(")) return this.#atom();
    return Object.fromEntries(this.#until(() => {
      const name = this.#atom();
      this.#skip(":");
      return [name, this.read()];
    }));
  }

  #skip(mark) {
    const is = this.text.startsWith(mark, this.at);
    if (is) this.at += mark.length;
    return is;
  }

  #atom() {
    const [atom] = /^[^(),:]*/.exec(this.text.slice(this.at));
    this.at += atom.length;
    return atom === "''" ? "" : decodeURIComponent(atom);
  }

  #until(read) {
    const found = [];
    while (!this.#skip(")")) {
      found.push(read());
      this.#skip(",");
    }
    return found;
  }
}

/** A network that breaks a share of all exchanges, each in a way of its own; `counts` says how often. */
export class FailingNetwork {
  counts = {};
  #earlier;
  #ways = {
    unreachable: async () => { throw broken("ECONNREFUSED"); },
    "time-out": async () => { throw new DOMException("timed out", "TimeoutError"); },
    "reset after the work": async (request) => {
      await this.#pass(request);
      throw broken("ECONNRESET");
    },
    "429 storm": async () => refuse(429, { message: "slow" }, { "Retry-After": "1" }),
    503: async () => new Response("<html>gateway</html>", { status: 503 }),
    truncated: async (request) => {
      const response = await this.#pass(request);
      const body = await response.arrayBuffer();
      return new Response(body.byteLength ? body.slice(0, body.byteLength / 2) : null, { status: response.status });
    },
    /** Returns the response to an earlier question, as a cache with the wrong key does. */
    "repeated page": async (request) =>
      request.options.method === "GET" && this.#earlier ? this.#earlier.clone() : this.#pass(request),
  };

  constructor(random, share) {
    this.random = random;
    this.share = share;
  }

  get missing() {
    return Object.keys(this.#ways).filter((way) => !this.counts[way]);
  }

  fetch = async (url, options) => {
    const request = { url, options };
    if (this.random() >= this.share) return this.#pass(request);
    const ways = Object.keys(this.#ways);
    const way = ways[Math.floor(this.random() * ways.length)];
    this.counts[way] = (this.counts[way] ?? 0) + 1;
    return this.#ways[way](request);
  };

  async #pass({ url, options }) {
    const response = await fetch(url, options);
    if (options.method === "GET" && response.ok) this.#earlier = response.clone();
    return response;
  }
}
