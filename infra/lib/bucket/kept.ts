import { CfnOutput, Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/**
 * A bucket that is private, encrypted, and kept when its stack is deleted, but not when the first
 * deployment of that fails.
 */
export class KeptBucket extends Bucket {
  /**
   * Its ARN, for statements in another stack. The CDK's own reference has no name before the stacks
   * are synthesized, and cdk-nag names its findings by it.
   */
  private readonly sharedArn: string;

  constructor(scope: Construct, id: string, props: BucketProps) {
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      ...props,
    });
    const stack = Stack.of(this);
    const output = new CfnOutput(stack, `${id}BucketArn`, { value: this.bucketArn });
    this.sharedArn = Fn.getStackOutput(stack.stackName, output.logicalId);
  }

  /** The ARN of objects, by a pattern of their keys, for statements in another stack. */
  shared(key: string): string {
    return `${this.sharedArn}/${key}`;
  }

  /** cdk-nag's name of the finding that a statement names objects by such a pattern. */
  nagFinding(key: string): string {
    return `AwsSolutions-IAM5[Resource::${JSON.stringify(Stack.of(this).resolve(this.sharedArn))}/${key}]`;
  }
}
