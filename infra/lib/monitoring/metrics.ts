import type { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";

import type { Names } from "../names";
import { NAMESPACE } from "./namespace";

/** The metrics that functions and the lake's job write. */
export class OwnMetrics {
  private readonly dimensions: Readonly<Record<string, string>>;

  constructor({ environment }: Names) {
    this.dimensions = environment === undefined ? {} : { environment };
  }

  /** A metric over all tables, routes and checks, or of the one that `by` names. */
  of(metricName: string, statistic: string, period: Duration, by: Readonly<Record<string, string>> = {}): Metric {
    return new Metric({ namespace: NAMESPACE, metricName, statistic, period, dimensionsMap: { ...by, ...this.dimensions } });
  }
}
