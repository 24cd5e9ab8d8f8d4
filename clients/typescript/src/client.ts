/** Owns the face of the client: one application at one server, and what it can do there. Does not own any request (the resources do). */

import { Applications, Contracts } from "./applications.js";
import { Campaigns } from "./campaigns.js";
import { Charges } from "./charges.js";
import { createClient } from "./generated/client/index.js";
import { Api } from "./generated/sdk.gen.js";
import { encodeQuery, nestNames } from "./http/restli.js";
import { type Credentials, Session, VERSION } from "./http/session.js";
import { DEFAULT_LIMITS, type Limits, type Server, type Surroundings, Transport, WORLD } from "./http/transport.js";
import { Invoices } from "./invoices.js";
import { Jobs } from "./jobs.js";
import { Reports } from "./reports.js";

/** `version` is the `LinkedIn-Version`; `surroundings` replaces network, clock, waiting and randomness, for tests. */
export interface ClientOptions {
  readonly version?: string;
  readonly limits?: Partial<Limits>;
  readonly surroundings?: Partial<Surroundings>;
}

/**
 * An application at a Jobmeter server or at LinkedIn. All calls share its token.
 *
 * `api` has every endpoint of a Jobmeter server, generated from its OpenAPI document; the other members do what a single request
 * cannot: they split ranges and batches, follow pages, await tasks and check that a response belongs to its request.
 */
export class Client {
  readonly api: Api;
  readonly applications: Applications;
  readonly contracts: Contracts;
  readonly jobs: Jobs;
  readonly campaigns: Campaigns;
  readonly reports: Reports;
  readonly charges: Charges;
  readonly invoices: Invoices;
  readonly #session: Session;

  constructor(server: Server, credentials: Credentials & { clientId: string }, options: ClientOptions = {}) {
    this.#session = openSession(server, credentials, options);
    this.api = makeApi(this.#session);
    this.applications = new Applications(this.#session);
    this.contracts = new Contracts(this.#session);
    this.jobs = new Jobs(this.#session);
    this.campaigns = new Campaigns(this.#session);
    this.reports = new Reports(this.#session);
    this.charges = new Charges(this.#session);
    this.invoices = new Invoices(this.#session);
  }

  /** Returns a client for another application of the same server. */
  forApplication(credentials: { clientId: string; clientSecret: string }): Client {
    const { server, limits, surroundings } = this.#session.transport;
    return new Client(server, credentials, { version: this.#session.version, limits, surroundings });
  }
}

/** Opens the endpoints of a Jobmeter server with a key: of the operator, or of the job board. */
export function openApi(server: Server, key: string, options: ClientOptions = {}): Api {
  return makeApi(openSession(server, { key }, options));
}

function openSession(server: Server, credentials: Credentials, options: ClientOptions): Session {
  const transport = new Transport(
    server,
    { ...DEFAULT_LIMITS, ...options.limits },
    { ...WORLD, ...options.surroundings },
  );
  return new Session(transport, credentials, options.version ?? VERSION);
}

function makeApi(session: Session): Api {
  const client = createClient({
    baseUrl: session.transport.server.apiUrl,
    fetch: session.fetch,
    querySerializer: (query) => encodeQuery(nestNames(query)),
    responseStyle: "data",
    throwOnError: true,
  });
  return new Api({ client });
}
