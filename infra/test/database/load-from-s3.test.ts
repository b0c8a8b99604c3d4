import assert from "node:assert/strict";
import { test } from "node:test";

import { type Json, only, readable, statements, template, templateWith } from "../support";

const plain = template();
const found = templateWith({ loaderPath: "s3" });
const resources: Record<string, Json> = found.toJSON()["Resources"];
const [bucket = ""] = Object.keys(found.findResources("AWS::S3::Bucket"));
const [roleId = "", role] = Object.entries(resources).find(([id, { Type }]) => Type === "AWS::IAM::Role" && id.startsWith("DatabaseLoadFromS3")) ?? [];

/** A policy's statements, as texts. */
function listed(policy: Json): string[] {
  return policy.Statement.map(({ Effect, Action, Resource, ...rest }: Json) => {
    assert.equal(rest.Condition, undefined);
    return `${Effect} ${[Action].flat().join(", ")} on ${[Resource].flat().map(readable).join(", ")}`;
  });
}

const READS_PARTS = [`Allow s3:ListBucket on <${bucket}.Arn>`, `Allow s3:GetObject, s3:GetObjectVersion on <${bucket}.Arn>/rowgate/parts/*`];

test("Aurora reads parts of loads and nothing else in the bucket, by a role that it alone can take", () => {
  assert.deepEqual(listed(only(found, "AWS::IAM::Policy", ({ Roles }) => Roles[0].Ref === roleId).Properties.PolicyDocument), READS_PARTS);
  assert.equal(role.Properties.ManagedPolicyArns, undefined);
  const trusted = role.Properties.AssumeRolePolicyDocument.Statement.map(({ Principal }: Json) => Principal);
  assert.deepEqual(trusted, [{ Service: "rds.amazonaws.com" }]);
});

for (const [name, context] of Object.entries({ "a new cluster": {}, "one of a snapshot": { snapshotIdentifier: "before-the-change" } })) {
  test(`the cluster has the role, and the parameters that LOAD DATA FROM S3 needs, ${name}`, () => {
    const made = templateWith({ loaderPath: "s3", ...context });
    const arn = { "Fn::GetAtt": [roleId, "Arn"] };
    assert.deepEqual(only(made, "AWS::RDS::DBCluster").Properties.AssociatedRoles, [{ RoleArn: arn }]);
    const parameters = (from: typeof made) => only(from, "AWS::RDS::DBClusterParameterGroup").Properties.Parameters;
    assert.deepEqual(parameters(made), { ...parameters(plain), activate_all_roles_on_login: "1", aws_default_s3_role: arn });
  });
}

test("the subnets of the database have a way to the parts in S3, and nowhere else", () => {
  const { Properties: endpoint } = only(found, "AWS::EC2::VPCEndpoint");
  assert.deepEqual([endpoint.VpcEndpointType, readable(endpoint.ServiceName)], ["Gateway", "com.amazonaws.<AWS::Region>.s3"]);
  assert.deepEqual(endpoint.RouteTableIds.map(readable), Object.keys(found.findResources("AWS::EC2::RouteTable")).map((id) => `<${id}>`));
  assert.deepEqual(listed(endpoint.PolicyDocument), READS_PARTS);
  const group = only(found, "AWS::EC2::SecurityGroup").Properties;
  assert.deepEqual(group.SecurityGroupEgress.map(({ CidrIp, IpProtocol }: Json) => [CidrIp, IpProtocol]), [["0.0.0.0/0", "-1"]]);
  assert.equal(group.SecurityGroupIngress, undefined);
  found.resourceCountIs("AWS::EC2::Route", 0);
});

test("the loader and migrations know the path, and no other function", () => {
  const paths = Object.values(resources)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .flatMap(({ Properties }) => {
      const path = Properties.Environment.Variables.ROWGATE_LOADER_PATH;
      return path === undefined ? [] : [[Properties.FunctionName, path]];
    });
  assert.deepEqual(Object.fromEntries(paths), { "rowgate-loader": "s3", "rowgate-migrate": "s3" });
});

test("the loader writes and deletes parts, and no function has another right than without them", () => {
  const { WriteParts, ...others } = statements(found, "IngestionLoaderPolicy");
  assert.deepEqual(listed({ Statement: [WriteParts] }), [`Allow s3:DeleteObject, s3:PutObject on <${bucket}.Arn>/rowgate/parts/*`]);
  assert.deepEqual(others, statements(plain, "IngestionLoaderPolicy"));
  const policies = (from: typeof found) =>
    Object.entries(from.findResources("AWS::IAM::Policy")).filter(([id]) => !/^(IngestionLoaderPolicy|DatabaseLoadFromS3)/.test(id));
  assert.deepEqual(policies(found), policies(plain));
});

test("the bucket is the same: parts send no message to the loader, and are encrypted by keys of Amazon S3", () => {
  assert.deepEqual(only(found, "AWS::S3::Bucket"), only(plain, "AWS::S3::Bucket"));
});

test("nothing of it is there unless it is set", () => {
  plain.resourceCountIs("AWS::EC2::VPCEndpoint", 0);
  assert.equal(only(plain, "AWS::RDS::DBCluster").Properties.AssociatedRoles, undefined);
  assert.doesNotMatch(JSON.stringify(plain.toJSON()), /rds\.amazonaws\.com|ROWGATE_LOADER_PATH|rowgate\/parts\/\*/);
});
