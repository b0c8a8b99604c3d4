import assert from "node:assert/strict";
import { test } from "node:test";

import { lakeTemplate } from "../support";

test("each layer has a database, which goes with the stack so that the next one can have the name", () => {
  const databases = Object.values(lakeTemplate().findResources("AWS::Glue::Database")) as any[];
  assert.deepEqual(
    databases.map(({ Properties, DeletionPolicy }) => [Properties.DatabaseInput.Name, DeletionPolicy]),
    [
      ["rowgate_bronze", "Delete"],
      ["rowgate_silver", "Delete"],
      ["rowgate_gold", "Delete"],
    ],
  );
});
