import { ArnFormat, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Database } from "aws-cdk-lib/aws-glue";
import { Construct } from "constructs";

import type { Names } from "../names";
import { LAYERS } from "./bucket";

const DESCRIPTIONS: Readonly<Record<(typeof LAYERS)[number], string>> = {
  bronze: "Rowgate: the rows of each backup as they were",
  silver: "Rowgate: every table as it is, and its history",
  gold: "Rowgate: tables to analyse, made by sql/gold",
};

/** The Glue databases. The job makes and changes the tables in them. */
export class Catalog extends Construct {
  /** The prefix of each database's name. */
  readonly prefix: string;
  private readonly names: readonly string[];

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.prefix = names.inSql("rowgate_");
    this.names = LAYERS.map((layer) => {
      const databaseName = `${this.prefix}${layer}`;
      new Database(this, layer, {
        databaseName,
        description: DESCRIPTIONS[layer],
        // It has a fixed name, which would be in the way of the next deployment, and holds nothing
        // that the job does not make again: the tables' data and schemas are in the bucket.
        removalPolicy: RemovalPolicy.DESTROY,
      });
      return databaseName;
    });
  }

  /** Returns the ARNs to grant rights on, for work with these databases and their tables alone. */
  arns(): string[] {
    return [
      this.arn("catalog"),
      ...this.names.map((name) => this.arn("database", name)),
      ...this.names.map((name) => this.arn("table", `${name}/*`)),
    ];
  }

  /** The names of cdk-nag's findings about `arns`. */
  nagFindings(): string[] {
    return this.names.map(
      (name) => `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/${name}/*]`,
    );
  }

  // By name, as tables that do not exist yet must be: both kinds of ARN read alike then.
  private arn(resource: string, resourceName?: string): string {
    return Stack.of(this).formatArn(
      resourceName === undefined
        ? { service: "glue", resource, arnFormat: ArnFormat.NO_RESOURCE_NAME }
        : { service: "glue", resource, resourceName },
    );
  }
}
