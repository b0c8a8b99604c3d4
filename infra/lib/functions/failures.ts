import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import { acknowledge } from "../nag";

/**
 * The queue of asynchronous invocations that failed for good: what was asked for, by a schedule or
 * by the function itself, and the answer.
 */
export class FailedInvocations extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest possible, because it may take a while until a person looks.
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this, {
      "AwsSolutions-SQS3": "Nothing receives its messages but people: it is where failures end, as a dead-letter queue is.",
    });
  }
}
