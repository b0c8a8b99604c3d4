import { Stack } from "aws-cdk-lib";
import { type GatewayVpcEndpoint, GatewayVpcEndpointAwsService, type Vpc } from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { CfnBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import { type DataBucket, PARTS_PREFIX } from "../bucket";
import { acknowledge } from "../nag";

/**
 * Lets Aurora MySQL read parts of loads in the bucket, and nothing else: a role, and a way out of
 * the network.
 *
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.LoadFromS3.html
 */
export class LoadFromS3 extends Construct {
  /** The role of the cluster. */
  readonly role: Role;
  private readonly endpoint: GatewayVpcEndpoint;

  constructor(scope: Construct, id: string, vpc: Vpc) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("rds.amazonaws.com"),
      description: "What Aurora may read to load rows",
    });
    // Gateway endpoints cost nothing. The cluster's security group lets everything out.
    // https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
    this.endpoint = vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
  }

  /** Opens the role and the endpoint for the parts in this bucket. */
  allow(bucket: DataBucket): void {
    const keys = `${PARTS_PREFIX}*`;
    // The rights that AWS names. It does not say which prefix Aurora lists, hence no condition on
    // it. The bucket's encryption, by keys of Amazon S3, needs no right on a key.
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.Authorizing.IAM.S3CreatePolicy.html
    for (const statement of [
      { sid: "ListBucket", actions: ["s3:ListBucket"], resources: [bucket.bucketArn] },
      { sid: "ReadParts", actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [bucket.arnForObjects(keys)] },
    ]) {
      this.role.addToPolicy(new PolicyStatement(statement));
      this.endpoint.addToPolicy(new PolicyStatement({ ...statement, principals: [new AnyPrincipal()] }));
    }
    const id = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
    acknowledge(this.role, {
      [`AwsSolutions-IAM5[Resource::<${id}.Arn>/${keys}]`]: "Each load writes under its own id; the prefix is the limit.",
    });
  }
}
