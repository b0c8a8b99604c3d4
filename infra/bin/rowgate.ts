import { App } from "aws-cdk-lib";

import { Rowgate, type RowgateProps, SettingsError } from "../lib";

try {
  const app = new App();
  // The CDK gives each value of its context by its name, and no list of them.
  const context = new Proxy<RowgateProps>({}, { get: (_, name) => app.node.tryGetContext(name.toString()) });
  new Rowgate(app, "Rowgate", context);
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  // One sentence says what to do; a stack trace would hide it.
  process.stderr.write(`rowgate: ${error.message}\n`);
  process.exitCode = 1;
}
