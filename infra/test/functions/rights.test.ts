import assert from "node:assert/strict";
import { test } from "node:test";

import { everyFunction, type Json } from "../support";
import { FUNCTIONS } from "./expected";

test("every function may do exactly what it is known to need", () => {
  const resources: Record<string, Json> = everyFunction().toJSON()["Resources"];
  const policies = Object.values(resources).filter(({ Type }) => Type === "AWS::IAM::Policy");
  const found = Object.values(resources)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .map(({ Properties }) => {
      const role: string = Properties.Role["Fn::GetAtt"][0];
      assert.equal(resources[role].Properties.ManagedPolicyArns, undefined, role);
      assert.equal(resources[role].Properties.Policies, undefined, role);
      const statements = policies
        .filter((policy) => policy.Properties.Roles.some(({ Ref }: Json) => Ref === role))
        .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
      const actions = statements.map(({ Sid, Action }: Json) => [Sid, [Action].flat().sort()]);
      assert.equal(new Set(statements.map(({ Sid }: Json) => Sid)).size, statements.length, "each statement has a sid of its own");
      return [Properties.FunctionName.replace("rowgate-", ""), Object.fromEntries(actions)];
    });
  const known = Object.entries(FUNCTIONS).map(([name, { statements }]) => [name, statements]);
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(known));
});
