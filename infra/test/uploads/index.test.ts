import assert from "node:assert/strict";
import { test } from "node:test";

import { statements, template } from "../support";

const found = template();

test("a signed link drops a file under incoming/ and does nothing else", () => {
  const { Action, Resource } = statements(found, "UploadsPolicy")["DropFiles"];
  const bucket = { "Fn::GetAtt": [Object.keys(found.findResources("AWS::S3::Bucket"))[0], "Arn"] };
  assert.deepEqual(Resource, { "Fn::Join": ["", [bucket, "/incoming/*"]] });
  assert.deepEqual(Action, ["s3:ListMultipartUploadParts", "s3:PutObject"]);
});
