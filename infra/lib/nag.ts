import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Records why cdk-nag rules do not apply to a construct and its children: rule → reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id, reason });
  }
}
