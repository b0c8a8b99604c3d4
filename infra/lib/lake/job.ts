import { Stack } from "aws-cdk-lib";
import { Code, GlueVersion, PySparkEtlJob } from "aws-cdk-lib/aws-glue";
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import { BACKUPS_PREFIX, type DataBucket } from "../bucket";
import { MONTH_OF_LOGS } from "../functions/logs";
import { NAMESPACE } from "../monitoring/namespace";
import type { Names } from "../names";
import { acknowledge } from "../nag";
import { type LakeBucket, LAYERS, LINEAGE_PREFIX, STATE_PREFIX } from "./bucket";
import type { Catalog } from "./catalog";
import { additionalModules, JobCode } from "./code";
import type { LakeSettings } from "./settings";

// With a prefix of ours, Glue 5 names its two log groups so:
// https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
const LOG_GROUPS = ["error", "output"] as const;

// As AWS says for Delta, one key that holds several settings:
// https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-delta-lake.html
// What decides about values, as the zone of times, the job sets in its own session: see
// lake/rowgate_lake/main.py.
const SPARK_SETTINGS = [
  "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
  "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
  "spark.delta.logStore.class=org.apache.spark.sql.delta.storage.S3SingleDriverLogStore",
];

export interface LakeJobProps {
  readonly settings: LakeSettings;
  readonly names: Names;
  /** The folder of tables. */
  readonly sql: string;
  /** The bucket of backups. */
  readonly data: DataBucket;
  readonly lake: LakeBucket;
  readonly catalog: Catalog;
}

/** The Spark job that makes the layers, one step of the pipeline a run. */
export class LakeJob extends Construct {
  readonly job: PySparkEtlJob;
  private readonly policy: Policy;

  constructor(scope: Construct, id: string, props: LakeJobProps) {
    super(scope, id);
    const code = new JobCode(this, "Code", props.sql);
    const jobName = props.names.of("rowgate-lake");
    const logs = this.logGroups(logGroupPrefix(props.names));

    // Not AWSGlueServiceRole, which may do everything with Glue, and read every bucket's policy.
    const role = new Role(this, "Role", {
      // Without aws:SourceAccount: AWS documents that Step Functions and Scheduler send it. For
      // Glue no such page is known, and no job could run if it did not. Nobody in another account
      // can pass this role anyway.
      assumedBy: new ServicePrincipal("glue.amazonaws.com"),
      description: `What the job ${jobName} may do`,
    });
    this.policy = new Policy(this, "Policy", { roles: [role] });
    this.letRun(code, logs);
    this.letWork(props);

    const { settings } = props;
    this.job = new PySparkEtlJob(this, "Job", {
      jobName,
      description: "Makes bronze, silver and gold of a backup",
      glueVersion: GlueVersion.V5_1,
      script: Code.fromBucket(code.script.bucket, code.script.s3ObjectKey),
      extraPythonFiles: [Code.fromBucket(code.library.bucket, code.library.s3ObjectKey)],
      role: role.withoutPolicyUpdates(),
      workerConfiguration: { workerType: settings.workerType, numberOfWorkers: settings.workers },
      timeout: settings.jobTimeout,
      // Delta on S3 takes one writer at a time. A second run waits in the state machine.
      maxConcurrentRuns: 1,
      // The state machine retries, and knows which errors are worth it.
      maxRetries: 0,
      // This setting belongs to Glue 4 and before; version 5 always logs while the job runs.
      continuousLogging: { enabled: false },
      enableMetrics: true,
      enableObservabilityMetrics: false,
      defaultArguments: this.arguments(props),
    });
    // The job must not start before its role may do its work.
    this.job.node.addDependency(this.policy, ...logs);
    acknowledge(this.job, {
      "AwsSolutions-GL1": "CloudWatch encrypts every log group with a key of its own; the lines hold no rows. A KMS key costs, and belongs to whoever deploys.",
      "AwsSolutions-GL3": "The job has no bookmarks: the backup that it is of is named to it.",
    });
  }

  /**
   * Every name is Glue's or the job's own:
   * https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
   */
  private arguments({ settings, names, data, lake, catalog }: LakeJobProps): Record<string, string> {
    return {
      "--datalake-formats": "delta",
      "--conf": SPARK_SETTINGS.join(" --conf "),
      "--additional-python-modules": additionalModules().join(","),
      "--enable-auto-scaling": "true",
      "--custom-logGroup-prefix": logGroupPrefix(names),
      // The job's own. Which step, of which backup and in which run, the state machine adds.
      // The region: boto3 needs one, and nothing AWS says promises it to the job's environment.
      "--region": Stack.of(this).region,
      "--data-bucket": data.bucketName,
      "--lake-bucket": lake.bucketName,
      "--database-prefix": catalog.prefix,
      "--personal": settings.personal,
      "--bronze-keep-days": settings.keepDays.toString(),
      ...(names.environment === undefined ? {} : { "--environment": names.environment }),
      ...(settings.lineageUrl === undefined ? {} : { "--lineage-url": settings.lineageUrl }),
    };
  }

  private logGroups(prefix: string): LogGroup[] {
    return LOG_GROUPS.map(
      (name) =>
        new LogGroup(this, `Logs-${name}`, {
          logGroupName: `${prefix}/${name}`,
          ...MONTH_OF_LOGS,
        }),
    );
  }

  /** Grants what Glue itself does in the role's name. */
  private letRun(code: JobCode, logs: readonly LogGroup[]): void {
    const assets = [code.script, code.library].map(({ bucket, s3ObjectKey }) => bucket.arnForObjects(s3ObjectKey));
    this.allow("ReadCode", ["s3:GetObject"], assets);
    this.allow(
      "WriteLogs",
      // As AWSGlueServiceRole has them: Glue makes sure of its group even where it is there.
      ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      logs.map((group) => group.logGroupArn),
    );
    this.policy.addStatements(
      new PolicyStatement({
        sid: "PutMetrics",
        effect: Effect.ALLOW,
        actions: ["cloudwatch:PutMetricData"],
        // The action knows no resources. `Glue` is what --enable-metrics writes.
        resources: ["*"],
        conditions: { StringEquals: { "cloudwatch:namespace": [NAMESPACE, "Glue"] } },
      }),
    );
    acknowledge(this.policy, {
      "AwsSolutions-IAM5[Resource::*]": "PutMetricData knows no resources; a condition names the two namespaces.",
    });
  }

  /** Grants what the job's code does. */
  private letWork({ data, lake, catalog }: LakeJobProps): void {
    this.allow("ReadBackups", ["s3:GetObject"], [data.shared(`${BACKUPS_PREFIX}*`)]);
    this.policy.addStatements(
      new PolicyStatement({
        sid: "ListBackups",
        effect: Effect.ALLOW,
        actions: ["s3:ListBucket"],
        resources: [data.bucketArn],
        conditions: { StringLike: { "s3:prefix": `${BACKUPS_PREFIX}*` } },
      }),
    );
    // The layer's name is a key of its own as well: before it writes, Spark's file system looks
    // whether each folder on the way is a file, and takes 403 for a fault.
    const keys = [...LAYERS, ...LAYERS.map((layer) => `${layer}/*`), `${STATE_PREFIX}*`, `${LINEAGE_PREFIX}*`];
    this.allow(
      "UseLake",
      ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      keys.map((key) => lake.shared(key)),
    );
    this.allow("ListLake", ["s3:ListBucket"], [lake.bucketArn]);
    this.allow(
      "UseCatalog",
      ["glue:GetTable", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"],
      catalog.arns(),
    );
    acknowledge(this.policy, {
      [data.nagFinding(`${BACKUPS_PREFIX}*`)]: "Each backup is under its own id; the prefix is the limit.",
      ...Object.fromEntries(
        keys
          .filter((key) => key.endsWith("*"))
          .map((key) => [lake.nagFinding(key), "Tables and files name themselves; the folder is the limit."]),
      ),
      ...Object.fromEntries(catalog.nagFindings().map((finding) => [finding, "The dictionary names the tables; the database is the limit."])),
    });
  }

  private allow(sid: string, actions: string[], resources: string[]): void {
    this.policy.addStatements(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources }));
  }
}

function logGroupPrefix(names: Names): string {
  return `/${names.of("rowgate")}/lake`;
}
