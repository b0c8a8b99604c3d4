import type { Construct } from "constructs";

import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import type { Settings } from "../settings";

export interface InsertApiProps {
  readonly settings: Settings;
  readonly database: Database;
}

/** The function of rows: inserts, reads, replaces and deletes them. */
export class InsertApi extends RustFunction {
  constructor(scope: Construct, id: string, { settings, database }: InsertApiProps) {
    super(scope, id, {
      settings,
      name: "insert",
      packageName: "insert-api",
      readsTables: true,
      description: "Checks rows and inserts them; reads, replaces and deletes rows",
      takesRequests: true,
      // Half a gigabyte buys a quarter of a core, with which a batch of 1000 rows is parsed,
      // checked and turned into SQL in milliseconds; the rest of a call is waiting for the
      // database.
      memorySize: 512,
    });
    this.useDatabase(database, "writer", TRANSACTIONS);
  }
}
