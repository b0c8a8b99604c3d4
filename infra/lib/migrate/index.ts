import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import type { Settings } from "../settings";

export interface MigrateProps {
  readonly settings: Settings;
  readonly database: Database;
}

/**
 * The function of migrations, which people invoke after a deployment. A custom resource would tie
 * every change of the stack, and its rollback, to a schema change that cannot be rolled back.
 */
export class Migrate extends RustFunction {
  constructor(scope: Construct, id: string, { settings, database }: MigrateProps) {
    super(scope, id, {
      settings,
      name: "migrate",
      readsTables: true,
      description: "Applies the database migrations that are missing",
      // An ALTER TABLE of a large table takes minutes; the Data API continues it past its own
      // limit.
      timeout: Duration.minutes(15),
      memorySize: 256,
      // It lets the writer load from S3.
      environment: settings.loaderPath === "s3" ? { ROWGATE_LOADER_PATH: settings.loaderPath } : {},
    });
    this.useDatabase(database, "admin", TRANSACTIONS);
    // The users of the other functions, which it makes.
    for (const user of ["reader", "writer"] as const) {
      const arn = database.secretArn(user);
      this.lambda.addEnvironment(`ROWGATE_${user.toUpperCase()}_SECRET_ARN`, arn);
      this.allow(`Read${user === "reader" ? "Reader" : "Writer"}Secret`, ["secretsmanager:GetSecretValue"], [arn]);
    }
  }
}
