import { type Bucket, HttpMethods } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import type { Api } from "../api";
import type { Functions } from "../api/door";
import type { Database } from "../database";
import type { Settings } from "../settings";
import { Accounts } from "./accounts";
import { Console } from "./console";
import { Directory } from "./directory";
import { PeopleDoor } from "./door";

export interface PeopleProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: Bucket;
  readonly scripts: Api;
  /** The functions that both doors lead to. */
  readonly functions: Functions;
}

/** Everything that only people need: accounts, a door that takes their tokens, and the console. */
export class People extends Construct {
  readonly directory: Directory;
  readonly door: PeopleDoor;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    const { settings, database, bucket, scripts, functions } = props;
    this.directory = new Directory(this, "Directory", { settings });
    const accounts = new Accounts(this, "Accounts", { settings, database, directory: this.directory });
    const page = new Console(this, "Console", { settings, bucket });
    this.door = new PeopleDoor(this, "Door", {
      settings,
      scripts,
      pool: this.directory.pool,
      functions: { ...functions, accounts, console: page },
    });
    // The page sends files by signed links and reads rejected records by them, and no page of
    // another origin may. Programs that have a link need no CORS.
    bucket.addCorsRule({
      id: "console",
      allowedMethods: [HttpMethods.PUT, HttpMethods.GET],
      allowedOrigins: [this.door.origin],
      allowedHeaders: ["content-type", "x-amz-meta-*"],
      exposedHeaders: ["ETag"],
      maxAge: 3600,
    });
  }
}
