import { App } from "aws-cdk-lib";

import { SettingsError } from "../lib";
import { rowgateOfContext } from "../lib/context";

try {
  const app = new App();
  rowgateOfContext(app);
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  // One sentence says what to do; a stack trace would hide it.
  process.stderr.write(`rowgate: ${error.message}\n`);
  process.exitCode = 1;
}
