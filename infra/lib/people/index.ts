import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import type { Api } from "../api";
import type { Functions } from "../api/door";
import type { Database } from "../database";
import type { Settings } from "../settings";
import { Accounts } from "./accounts";
import { Console } from "./console";
import type { Directory } from "./directory";
import { PeopleDoor } from "./door";

export interface PeopleProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: Bucket;
  readonly directory: Directory;
  readonly scripts: Api;
  /** The functions that both doors lead to. */
  readonly functions: Functions;
}

/** What only people need: a door that takes their tokens, the function of accounts, the console. */
export class People extends Construct {
  readonly door: PeopleDoor;
  readonly accounts: Accounts;
  readonly console: Console;

  constructor(scope: Construct, id: string, props: PeopleProps) {
    super(scope, id);
    const { settings, database, bucket, directory, scripts, functions } = props;
    this.accounts = new Accounts(this, "Accounts", { settings, database, directory });
    this.console = new Console(this, "Console", { settings, bucket });
    this.door = new PeopleDoor(this, "Door", {
      settings,
      scripts,
      pool: directory.pool,
      functions: { ...functions, accounts: this.accounts, console: this.console },
    });
  }
}
