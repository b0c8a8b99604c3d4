import type { App } from "aws-cdk-lib";

import type { RowgateProps } from "./props";
import { Rowgate } from "./rowgate";
import { SettingsError } from "./values";

/** What the CDK's command keeps in the context by itself, beside names with a colon. */
const CDK_OWN = ["acknowledged-issue-numbers", "cli-telemetry"];

/**
 * Makes Rowgate with the settings of the CDK's context (`-c name=value`, and cdk.json).
 *
 * A name that is no setting is refused: a misspelt one would leave the default in place, an API
 * that is open to every network for example.
 */
export function rowgateOfContext(app: App): Rowgate {
  const settings = new Set<string>();
  const props = new Proxy<RowgateProps>(
    {},
    {
      get: (_, name) => {
        settings.add(name.toString());
        return app.node.tryGetContext(name.toString()) as unknown;
      },
    },
  );
  const rowgate = new Rowgate(app, "Rowgate", props);
  const given = Object.keys(app.node.getAllContext() as object);
  const unknown = given.find((name) => !name.includes(":") && !settings.has(name) && !CDK_OWN.includes(name));
  if (unknown !== undefined) {
    throw new SettingsError(`${unknown} is no setting; docs/deployment.md has all of them, and upper case counts`);
  }
  return rowgate;
}
