import assert from "node:assert/strict";
import { test } from "node:test";

import { changedLakeTemplate, lakeTemplate, only, readable } from "../support";

const { Properties: workGroup } = only(lakeTemplate(), "AWS::Athena::WorkGroup");

test("results of queries are encrypted, in the lake's bucket, whatever a client asks for", () => {
  const { EnforceWorkGroupConfiguration, ResultConfiguration } = workGroup.WorkGroupConfiguration;
  assert.equal(workGroup.Name, "rowgate");
  assert.equal(EnforceWorkGroupConfiguration, true);
  assert.match(readable(ResultConfiguration.OutputLocation), /^s3:\/\/<Lake\w{8}>\/athena-results\/$/);
  assert.deepEqual(ResultConfiguration.EncryptionConfiguration, { EncryptionOption: "SSE_S3" });
});

test("a query scans 100 GiB at most unless it is set otherwise", () => {
  assert.equal(workGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery, 107_374_182_400);
  const { Properties } = only(changedLakeTemplate(), "AWS::Athena::WorkGroup");
  assert.equal(Properties.WorkGroupConfiguration.BytesScannedCutoffPerQuery, 1_073_741_824);
});
