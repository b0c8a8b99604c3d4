import { Stack } from "aws-cdk-lib";
import { Construct } from "constructs";

import { DataStack } from "./data-stack";
import type { RowgateProps } from "./props";
import { ServiceStack } from "./service-stack";
import { readSettings } from "./settings";
import { checkTables } from "./tables";

/**
 * The whole of Rowgate: a stack of what must not be lost, and one of what is made again at any
 * time.
 *
 * It throws a `SettingsError` where a setting, a binary or the folder of tables is wrong.
 */
export class Rowgate extends Construct {
  readonly data: DataStack;
  readonly service: ServiceStack;

  constructor(scope: Construct, id: string, props: RowgateProps = {}) {
    super(scope, id);
    const given = (name: string): unknown => (props as Record<string, unknown>)[name];
    const settings = readSettings(given);
    checkTables(given, settings.keys);
    const { names } = settings;
    const env = Stack.isStack(scope) ? { env: { account: scope.account, region: scope.region } } : {};
    this.data = new DataStack(this, "Data", { ...env, stackName: names.of("rowgate-data"), settings });
    this.service = new ServiceStack(this, "Service", { ...env, stackName: names.of("rowgate"), settings, data: this.data });
  }
}
