import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";

import type { FileQueues } from "../../ingestion/queues";
import type { Alarms } from "../alarms";
import type { OwnMetrics } from "../metrics";

// A message that is tried to the end needs some 45 minutes; the loads before it take minutes.
const LONGEST_WAIT = Duration.hours(1);

/** Adds the alarms of files, loads and their ledger, which is audited at an interval. */
export function watchFiles(alarms: Alarms, metrics: OwnMetrics, queues: FileQueues, auditInterval: Duration): void {
  const fiveMinutes = Duration.minutes(5);
  alarms.add("DeadLettersNotEmpty", "A file was tried five times, and is not loaded or its event is not sent.", "dead-letter-queue-not-empty", {
    metric: queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes, statistic: Stats.MAXIMUM }),
    // An idle queue reports nothing after some hours.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  alarms.add("FilesWaiting", "A file has waited for an hour, and is not loaded.", "files-waiting", {
    metric: queues.files.metricApproximateAgeOfOldestMessage({ period: fiveMinutes, statistic: Stats.MAXIMUM }),
    threshold: LONGEST_WAIT.toSeconds(),
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  alarms.add("LoadsFailed", "A load has failed; what it says in the ledger tells why.", "loads-failed", {
    metric: metrics.of("LoadsFailed", Stats.SUM, fiveMinutes),
    // Most of the time nothing fails, and then no data is reported.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  alarms.add("LedgerFaults", "Figures of the loads ledger contradict each other.", "ledger-does-not-add-up", {
    metric: metrics.of("LedgerFaults", Stats.MAXIMUM, auditInterval),
    // The result of an audit holds until the next one.
    treatMissingData: TreatMissingData.IGNORE,
  });
  alarms.add("LoadsStalled", "A load was begun and left by everyone; it has been abandoned.", "loads-stalled", {
    metric: metrics.of("LoadsStalled", Stats.MAXIMUM, auditInterval),
    treatMissingData: TreatMissingData.IGNORE,
  });
  alarms.add("AuditMissing", "The loads ledger has not been audited for an hour.", "audit-missing", {
    metric: metrics.of("LedgerFaults", Stats.SAMPLE_COUNT, auditInterval),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    // Every one of them: a database that takes a while to answer delays an audit.
    evaluationPeriods: Math.ceil(Duration.hours(1).toSeconds() / auditInterval.toSeconds()),
    treatMissingData: TreatMissingData.BREACHING,
  });
}
