// Clients that know no product of ours: two OAuth libraries, Standard Webhooks and the CloudEvents SDK, all unmodified.
// Usage: node foreign.mjs <input.json> <verb>; prints JSON.
import { readFileSync } from "node:fs";
import { CloudEvent, HTTP } from "cloudevents";
import ClientOAuth2 from "client-oauth2";
import * as openid from "openid-client";
import { Webhook } from "standardwebhooks";

const input = JSON.parse(readFileSync(process.argv[2], "utf8"));

function configure(authentication) {
  const server = {
    issuer: input.base_url,
    token_endpoint: `${input.base_url}/oauth/v2/accessToken`,
    introspection_endpoint: `${input.base_url}/oauth/v2/introspectToken`,
    revocation_endpoint: `${input.base_url}/oauth/v2/revoke`,
  };
  const { client_id, client_secret } = input.child;
  const config = new openid.Configuration(server, client_id, client_secret, authentication(client_secret));
  openid.allowInsecureRequests(config); // the sandbox has no TLS
  return config;
}

async function getTokens() {
  const found = {};
  for (const [name, way] of [["post", openid.ClientSecretPost], ["basic", openid.ClientSecretBasic]]) {
    const config = configure(way);
    const granted = await openid.clientCredentialsGrant(config);
    const before = await openid.tokenIntrospection(config, granted.access_token);
    await openid.tokenRevocation(config, granted.access_token);
    const after = await openid.tokenIntrospection(config, granted.access_token);
    found[name] = {
      type: granted.token_type,
      seconds: granted.expires_in,
      active: [before.active, after.active],
    };
  }
  const client = new ClientOAuth2({
    clientId: input.child.client_id,
    clientSecret: input.child.client_secret,
    accessTokenUri: `${input.base_url}/oauth/v2/accessToken`,
  });
  const token = await client.credentials.getToken();
  const signed = token.sign({ url: `${input.base_url}/partner/webhooks`, headers: {} });
  const answer = await fetch(signed.url, { headers: signed.headers });
  return { ...found, clientOAuth2: { type: token.tokenType, status: answer.status } };
}

function verifyNotifications() {
  return input.notifications.map(({ body, headers }) => new Webhook(input.secret).verify(body, headers));
}

async function sendEvents() {
  const events = input.events.map(
    ({ id, time, job }) =>
      new CloudEvent({ source: "board", id, type: "com.example.applyClick", time, subject: String(job), data: { visitor: id } }),
  );
  const requests = {
    structured: HTTP.structured(events[0]),
    binary: HTTP.binary(events[1]),
    batch: {
      headers: { "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify(events.slice(2).map((event) => JSON.parse(HTTP.structured(event).body))),
    },
  };
  const found = {};
  for (const mode of input.modes) {
    const { headers, body } = requests[mode];
    const answer = await fetch(`${input.base_url}/events`, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${input.events_key}` },
      body,
    });
    found[mode] = await answer.json();
  }
  return found;
}

const verbs = { tokens: getTokens, verify: verifyNotifications, events: sendEvents };
console.log(JSON.stringify(await verbs[process.argv[3]]()));
