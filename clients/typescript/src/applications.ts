/**
 * Owns the applications of a partner and their contracts: create, find and update a child, replace its secret, set up a contract.
 *
 * Does not own tokens (`session`). A child is created with the token of its parent, its contract with its own.
 */

import { type Fields, readFields, readNothing } from "./http/reading.js";
import type { Session } from "./http/session.js";
import type { OfContract } from "./reports.js";
import type { Application, CustomerContract, NewApplication } from "./rows.js";

const PATH = "/v2/provisionedApplications";
const SECURITY = "/v2/developerApplicationsSecurity";
const CONTRACTS = "/rest/provisionedHiringContracts";

/** What an application has; an empty list removes all of its entries. */
export interface ApplicationFields {
  readonly name?: string;
  readonly description?: string;
  readonly callbackUrls?: readonly string[];
  readonly jsDomains?: readonly string[];
}

/** The child applications of a partner. The client's own application is the parent. */
export class Applications {
  constructor(private readonly session: Session) {}

  create(fields: ApplicationFields & { uniqueForeignId: string; name: string; description: string }): Promise<NewApplication> {
    const content = { uniqueForeignId: fields.uniqueForeignId, ...writeFields(fields) };
    return this.session.post(PATH, content, (answer) => {
      const found = readFields(answer);
      const credentials = found.record("credentials");
      return {
        urn: found.text("key"),
        clientId: credentials.text("client_id"),
        clientSecret: credentials.text("client_secret"),
      };
    });
  }

  /** Returns a customer's application without its secret; `undefined` if there is none. */
  find(uniqueForeignId: string): Promise<Application | undefined> {
    const parameters = { q: "credentialsByUniqueForeignId", uniqueForeignId };
    const read = (found: readonly Fields[]) => (found[0] === undefined ? undefined : readApplication(found[0]));
    return this.session.get(PATH, (answer) => read(readFields(answer).optionalList("elements")), { parameters });
  }

  /** Changes what is given. */
  update(urn: string, changes: ApplicationFields): Promise<void> {
    const content = { patch: { $set: writeFields(changes) } };
    return this.session.post(`${PATH}/${encodeURIComponent(urn)}`, content, readNothing);
  }

  /** Returns another secret of a child, or of the client's own application. Two secrets are valid at most. */
  rollSecret(urn?: string): Promise<string> {
    const parameters = { action: "rollDeveloperApplicationSecret" };
    const content = { childDeveloperApplication: urn };
    return this.session.post(SECURITY, content, (answer) => readFields(answer).record("value").text("client_secret"), { parameters });
  }

  /** Removes the older of two secrets, once nothing uses it any more. Only Jobmeter has this. */
  retireOlderSecret(urn?: string): Promise<void> {
    const parameters = { action: "retireOlderSecret" };
    return this.session.post(SECURITY, { childDeveloperApplication: urn }, readNothing, { parameters });
  }
}

/** The contract of a customer. The client's own application is the customer's. */
export class Contracts {
  constructor(private readonly session: Session) {}

  /** Returns the customer's contract, created if needed. */
  setUp(options: OfContract = {}): Promise<CustomerContract> {
    const parameters = { action: "setup" };
    return this.session.post(
      CONTRACTS,
      options,
      (answer) => {
        const value = readFields(answer).record("value");
        return { urn: value.text("contract"), applicationUrn: value.text("key") };
      },
      { parameters },
    );
  }
}

function writeFields(fields: ApplicationFields): Record<string, unknown> {
  return {
    name: fields.name,
    description: fields.description,
    oauth2AuthorizedCallbackUrls: fields.callbackUrls,
    validJsSdkDomains: fields.jsDomains,
  };
}

function readApplication(found: Fields): Application {
  return {
    urn: found.text("key"),
    clientId: found.record("credentials").text("client_id"),
    uniqueForeignId: found.optionalText("uniqueForeignId") ?? "",
    name: found.optionalText("name") ?? "",
    description: found.optionalText("description") ?? "",
    callbackUrls: found.texts("oauth2AuthorizedCallbackUrls"),
    jsDomains: found.texts("validJsSdkDomains"),
  };
}
