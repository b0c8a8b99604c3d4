import type { ApiKeyProps } from "./api/keys";
import type { LakeSettingsProps } from "./lake/settings";

/**
 * The settings of Rowgate, each of which has a default. On the command line `-c name=value` sets
 * them, a list as one text with commas. docs/deployment.md has them all in one table.
 */
export interface RowgateProps extends LakeSettingsProps {
  /**
   * What the names of everything begin with, so that several deployments fit into one account and
   * region; lower-case letters and digits, at most 16. None by default.
   */
  readonly environment?: string;

  /** Processor of the functions, for which their binaries were built; `arm64` by default. */
  readonly architecture?: "arm64" | "x86_64";
  /** Folder with one `<package>/bootstrap` for each function; `target/lambda` by default. */
  readonly artifacts?: string;
  /** The folder of tables: dictionary, migrations, reports and gold; `sql` by default. */
  readonly sql?: string;
  /** The program `rowgate`, which checks the folder of tables; `target/debug/rowgate` by default. */
  readonly rowgate?: string;

  /** Aurora's lower bound in capacity units; 0, the default, lets it pause without calls. */
  readonly minCapacity?: number;
  /** Aurora's upper bound in capacity units; 8 by default. */
  readonly maxCapacity?: number;
  /** Idle minutes after which Aurora pauses, where minCapacity is 0; 15 by default. */
  readonly autoPauseMinutes?: number;
  /** Aurora instances beside the writer, one of which takes over when it fails; 0 by default. */
  readonly readers?: number;
  /** The schema that holds the tables, and what the names of its users begin with; `rowgate`. */
  readonly databaseName?: string;
  /**
   * The snapshot of a cluster that the database begins with; an empty one by default. It must stay
   * as it is as long as the database lives: CloudFormation replaces it where this changes.
   */
  readonly snapshotIdentifier?: string;
  /** True, the default, if the stack of the data, database and accounts refuse to be deleted. */
  readonly deletionProtection?: boolean;

  /** Files that may load side by side; 4 by default. */
  readonly loaderConcurrency?: number;
  /** MiB of the loader, which decide its share of a processor; 1769, one core, by default. */
  readonly loaderMemory?: number;
  /**
   * The way of rows of files into the database: in `statements`, the default, or over objects in
   * the data bucket, which Aurora reads with `LOAD DATA FROM S3` (`s3`).
   */
  readonly loaderPath?: "statements" | "s3";
  /** Transactions of one load side by side; the loader's own number by default. */
  readonly loaderLanes?: number;
  /** Rejected records beyond which a load fails, as `100` or `5%`; no limit by default. */
  readonly maxRejects?: string;
  /** Buckets beside the data bucket that a backfill may read. */
  readonly readBuckets?: readonly string[];

  /** Days for which dropped files are kept, 45 at least; 0, the default, keeps them. */
  readonly incomingKeepDays?: number;
  /** Days for which rejected records are kept, in bucket and database; 365 by default, 0 keeps. */
  readonly rejectedKeepDays?: number;

  /** The time at which backups begin every day, in UTC; `02:00` by default. */
  readonly backupAt?: string;
  /** The compression of the blocks of backup files; `deflate` by default. */
  readonly backupCodec?: "deflate" | "zstandard" | "null";
  /** Days after which a backup expires, unless it is the newest good one of a table; 35. */
  readonly backupKeepDays?: number;
  /** Hours after which the newest good backup is too old; 26 by default. */
  readonly backupMaxAgeHours?: number;
  /** The time at which the newest backup is verified every day, in UTC; `04:00` by default. */
  readonly drillAt?: string;
  /** Transactions of one restore side by side; the function's own number by default. */
  readonly restoreLanes?: number;
  /** Folders of the data bucket where external Avro files are allowed; `avro/` by default. */
  readonly restorePrefixes?: readonly string[];

  /** Minutes between two runs of the canary, 5 by default; 0 for no schedule. */
  readonly canaryMinutes?: number;

  /** The URL of the API for callers, if it is not AWS's own; `{id}` in it is the API's id. */
  readonly apiUrl?: string;
  /** The same for the people's door. */
  readonly peopleUrl?: string;
  /** The origin of the data bucket for browsers, if it is not AWS's own. */
  readonly bucketOrigin?: string;
  /** Networks that may call, as `203.0.113.0/24`; every one by default. */
  readonly allowCidrs?: readonly string[];
  /** The ARN of a web ACL of AWS WAF in front of both doors. */
  readonly webAclArn?: string;

  /** The API keys and their rights; `writer` and `operator` by default. */
  readonly keys?: readonly ApiKeyProps[];
  /** True, the default, if people may register an account themselves. */
  readonly selfRegistration?: boolean;
  /** Domains of the e-mail addresses that may ask for an account; every one by default. */
  readonly allowedEmailDomains?: readonly string[];
  /** Requests a second of each method of the people's door, of all callers together; 100. */
  readonly peopleRate?: number;
  /** Requests at once, above that rate; 200 by default. */
  readonly peopleBurst?: number;

  /** The address that is told of alarms, once its owner has confirmed. */
  readonly alarmEmail?: string;
  /** The ARN of a topic of Amazon SNS that is told of alarms. */
  readonly alarmTopicArn?: string;

  /** True if the function that fills the tables with generated rows is deployed; not by default. */
  readonly sample?: boolean;
}
