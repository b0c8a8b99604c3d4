import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { DataBucket } from "../bucket";

/**
 * The timeout of the loader: the longest that AWS lets a function run. The loader continues a file
 * that needs longer by a message to itself.
 */
export const LOADER_TIMEOUT = Duration.minutes(15);

export interface FileQueuesProps {
  readonly bucket: DataBucket;
}

/** The queue of dropped files, and the one of those that could not be loaded. */
export class FileQueues extends Construct {
  readonly files: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { bucket }: FileQueuesProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest possible, because it may take a while until a person looks.
      retentionPeriod: Duration.days(14),
    });
    this.files = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout, as AWS advises for Lambda: a message must not come back
      // while a throttled poller still holds it.
      visibilityTimeout: Duration.seconds(6 * LOADER_TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(14),
      // Five tries, so that a database that resumes or fails over does not cost a file its load.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    bucket.notify(this.files);
  }
}
