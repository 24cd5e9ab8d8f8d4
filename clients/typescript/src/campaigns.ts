/** Owns campaigns: create, read, change, pause, resume, close. Does not own the jobs in them (`jobs`). */

import { UnreadableError } from "./http/errors.js";
import { type Fields, readFields, readNothing } from "./http/reading.js";
import type { Session } from "./http/session.js";
import type { Campaign } from "./rows.js";

const PATH = "/rest/jobCampaigns";
const CREATED_ID = "x-restli-id";

/** What can be changed of a campaign. */
export interface CampaignFields {
  readonly name?: string;
  readonly startsAt?: Date;
  readonly endsAt?: Date;
}

/** The campaigns of a customer. The client's own application is the customer's. */
export class Campaigns {
  constructor(private readonly session: Session) {}

  /** Returns the URN of the campaign, which starts in the background. */
  create(
    fields: CampaignFields & { partnerCampaignId: string; name: string; contractUrn: string; startsAt: Date },
  ): Promise<string> {
    const content = {
      partnerJobCampaignId: fields.partnerCampaignId,
      contract: fields.contractUrn,
      ...writeFields(fields),
    };
    return this.session.post(PATH, content, (answer) => {
      const urn = answer.headers.get(CREATED_ID);
      if (!urn) throw new UnreadableError("the response does not name the campaign");
      return urn;
    });
  }

  read(urn: string): Promise<Campaign> {
    return this.session.get(locate(urn), (answer) => readCampaign(readFields(answer)));
  }

  /** Changes what is given. */
  update(urn: string, changes: CampaignFields): Promise<void> {
    return this.session.post(locate(urn), { patch: { $set: writeFields(changes) } }, readNothing);
  }

  pause(urn: string): Promise<Campaign> {
    return this.#act(urn, "pause");
  }

  resume(urn: string): Promise<Campaign> {
    return this.#act(urn, "resume");
  }

  close(urn: string): Promise<Campaign> {
    return this.#act(urn, "close");
  }

  #act(urn: string, action: string): Promise<Campaign> {
    const parameters = { action };
    return this.session.post(locate(urn), {}, (answer) => readCampaign(readFields(answer).record("value")), { parameters });
  }
}

function locate(urn: string): string {
  return `${PATH}/${encodeURIComponent(urn)}`;
}

function writeFields(fields: CampaignFields): Record<string, unknown> {
  return { name: fields.name, startTime: fields.startsAt?.getTime(), endTime: fields.endsAt?.getTime() };
}

function readCampaign(found: Fields): Campaign {
  return {
    urn: found.text("id"),
    partnerCampaignId: found.text("partnerJobCampaignId"),
    name: found.text("name"),
    contractUrn: found.text("contract"),
    status: found.text("status"),
    startsAt: found.optionalTime("startTime"),
    endsAt: found.optionalTime("endTime"),
    endedAt: found.optionalTime("endedAt"),
  };
}
