import { App } from "aws-cdk-lib";

import { RowgateStack } from "../lib/rowgate-stack";
import { SettingsError } from "../lib/context";
import { checkTables } from "../lib/tables";

try {
  const app = new App();
  checkTables(app.node);
  new RowgateStack(app, "Rowgate");
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  // One sentence says what to do; a stack trace would hide it.
  process.stderr.write(`rowgate: ${error.message}\n`);
  process.exitCode = 1;
}
