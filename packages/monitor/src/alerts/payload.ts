import { formatInstant, type OutboxMessage } from "@tsops/core";
import type { AlertChange, AlertEvidence, AlertRecord } from "./record.ts";
import type { AlertSeverity } from "./rule.ts";

/** What a channel sends, as JSON: the envelope of Standard Webhooks, and `text` for those that show a text, as Slack does. */
export interface AlertPayload {
  readonly type: `alert.${AlertChange}`;
  /** When the alert was raised or resolved, ISO 8601. */
  readonly timestamp: string;
  readonly text: string;
  readonly data: {
    /** Of the decision record, also the id of the message: the same whenever it is sent again. */
    readonly id: string;
    /** The same from the beginning of an alert to its end. */
    readonly incident: string;
    readonly severity: AlertSeverity;
    readonly rule: string;
    readonly subject: string;
    readonly group: Readonly<Record<string, string>>;
    /** One sentence, with the numbers. */
    readonly reason: string;
    readonly since: string;
    readonly count: number;
    readonly series: AlertEvidence["series"];
    readonly requestedBy: string;
  };
}

const signs: Readonly<Record<AlertSeverity, string>> = { info: "ℹ️", warning: "⚠️", critical: "🚨" };

/** The message of a record for one channel. Messages of one group leave in order. */
export function alertMessage(record: AlertRecord, channel: string): OutboxMessage {
  const { id, subject, time, reason, requestedBy, evidence } = record;
  const { change, incident, severity, ruleName, group, since, count, series } = evidence;
  const payload: AlertPayload = {
    type: `alert.${change}`,
    timestamp: formatInstant(time),
    text: `${change === "resolved" ? "✅" : signs[severity]} ${reason}`,
    data: {
      id,
      incident,
      severity,
      rule: ruleName,
      subject,
      group,
      reason,
      since,
      count,
      series,
      requestedBy,
    },
  };
  return {
    id,
    channel,
    group: JSON.stringify([ruleName, ...Object.entries(group).sort().flat()]),
    body: JSON.stringify(payload),
    createdAt: time,
  };
}
