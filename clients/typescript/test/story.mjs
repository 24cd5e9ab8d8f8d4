// Plays the client's part of a story against a sandbox: `node story.mjs input.json verb` prints what the client returned as JSON.
// `input.failures` is the share of exchanges that the network breaks. Does not own any expectation.
import { readFileSync } from "node:fs";
import { Client, ItemError, jobmeterAt, listDays, writeMoney } from "../dist/index.js";
import { collect, FailingNetwork, makeRandom, nap } from "./doubles.mjs";

const ROUNDS_MAX = 20;
// A network that fails so often needs more attempts than a real one.
const PATIENT = { attemptsMax: 60, waitSecondsMax: 10_000, taskSecondsMax: 10_000 };

const input = JSON.parse(readFileSync(process.argv[2], "utf8"));
const network = new FailingNetwork(makeRandom(11), input.failures ?? 0);
const parent = new Client(
  jobmeterAt(input.baseUrl),
  { clientId: input.parent.client_id, clientSecret: input.parent.client_secret },
  { limits: PATIENT, surroundings: { fetch: network.fetch, sleep: nap } },
);

async function post() {
  const fields = { uniqueForeignId: input.customer, name: `An ATS - ${input.customer}`, description: "Pilots" };
  const created = await parent.applications.create(fields);
  const found = await parent.applications.find(input.customer);
  if (found.urn !== created.urn || found.clientId !== created.clientId) throw new Error("another application was found");
  const child = parent.forApplication(created);
  const contract = await child.contracts.setUp({ partnerContractId: input.partnerContractId });
  const tasks = await collect(child.jobs.post(input.elements.map((element) => ({ ...element, contract: contract.urn }))));
  const refused = tasks.filter((task) => task instanceof ItemError || task.status !== "SUCCEEDED");
  if (refused.length > 0) throw new Error(JSON.stringify(refused));
  return { child: created, jobs: tasks.map((task) => [task.externalId, task.jobId]) };
}

async function report() {
  const child = parent.forApplication(input.child);
  const read = async () => ({
    byIds: (await collect(listDays(child.reports.byIds(input.ids, input.first, input.last)))).map(writeRow),
    byDays: (await collect(listDays(child.reports.byDays(input.first, input.last)))).map(writeRow),
    budget: writeAmounts(await parent.reports.budget({ partnerContractId: input.partnerContractId })),
    charges: (await collect(child.charges.follow())).map((charge) => [charge.reference, writeMoney(charge.amount).amount]),
  });
  let found = await read();
  for (let round = 0; input.failures && network.missing.length > 0 && round < ROUNDS_MAX; round += 1) found = await read();
  return { ...found, missing: input.failures ? network.missing : [] };
}

async function close() {
  const child = parent.forApplication(input.child);
  const [task] = await collect(child.jobs.post(input.elements));
  const [status] = await collect(child.jobs.readStatuses([input.elements[0].externalJobPostingId]));
  return { task: task.status, listing: status.listingStatus, promotion: status.promotionStatus };
}

function writeRow({ externalId, day, views, applyClicks, charge }) {
  return [externalId, day, views, applyClicks, writeMoney(charge).amount];
}

function writeAmounts({ spent, limit }) {
  return { spent: writeMoney(spent).amount, limit: writeMoney(limit).amount };
}

console.log(JSON.stringify(await { post, report, close }[process.argv[3]]()));
