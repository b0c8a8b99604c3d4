import { RemovalPolicy } from "aws-cdk-lib";
import { type LogGroupProps, RetentionDays } from "aws-cdk-lib/aws-logs";

/** The retention of logs: a month, and no longer than the stack. */
export const MONTH_OF_LOGS: LogGroupProps = {
  retention: RetentionDays.ONE_MONTH,
  removalPolicy: RemovalPolicy.DESTROY,
};
