/** The expectations of a function of the stack. */
export interface Expected {
  /** Its Cargo package, where that is not its name. */
  readonly package?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly variables: readonly string[];
  /** True if it is deployed only where it is asked for. */
  readonly isOptional?: true;
  /** True if it continues in other invocations, in a chain that AWS would take for a loop. */
  readonly isChained?: true;
  /** The services that may invoke it, once for each API and schedule. */
  readonly callers?: readonly string[];
  /** All that it may do: the actions by the sids of its statements. */
  readonly statements: Readonly<Record<string, readonly string[]>>;
}

// The routes know no stage, and must not see it.
const HTTP = "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH";
const DATABASE = ["ROWGATE_CLUSTER_ARN", "ROWGATE_DATABASE", "ROWGATE_SECRET_ARN"];

const LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"];
const TRANSACTIONS = [
  "rds-data:BeginTransaction",
  "rds-data:CommitTransaction",
  "rds-data:ExecuteStatement",
  "rds-data:RollbackTransaction",
];
// The Data API reads it in the caller's name.
const SECRET = ["secretsmanager:GetSecretValue"];

/**
 * Every function of the stack, by its name without `rowgate-`.
 *
 * An action that is added to a role is added here, by whoever can say what uses it; that none is
 * missing, the end-to-end tests show, in which the local cloud obeys these policies.
 */
export const FUNCTIONS: Readonly<Record<string, Expected>> = {
  insert: {
    package: "insert-api",
    timeout: 28,
    variables: [HTTP, ...DATABASE, "ROWGATE_KEYS"],
    callers: ["apigateway", "apigateway"],
    statements: {
      ReadDatabaseSecret: SECRET,
      UseDatabase: TRANSACTIONS,
      WriteLogs: LOGS,
    },
  },
  reports: {
    timeout: 28,
    variables: [HTTP, ...DATABASE, "ROWGATE_BUCKET", "ROWGATE_KEYS", "ROWGATE_PEOPLE_URL", "ROWGATE_URL"],
    callers: ["apigateway", "apigateway"],
    statements: {
      ReadDatabaseSecret: SECRET,
      SignRejects: ["s3:GetObject"],
      UseDatabase: ["rds-data:ExecuteStatement"],
      WriteLogs: LOGS,
    },
  },
  uploads: {
    timeout: 28,
    variables: [HTTP, ...DATABASE, "ROWGATE_BUCKET", "ROWGATE_KEYS"],
    callers: ["apigateway", "apigateway"],
    statements: {
      DropFiles: ["s3:ListMultipartUploadParts", "s3:PutObject"],
      ReadDatabaseSecret: SECRET,
      UseDatabase: ["rds-data:ExecuteStatement"],
      WriteLogs: LOGS,
    },
  },
  accounts: {
    timeout: 28,
    variables: [
      HTTP,
      ...DATABASE,
      "ROWGATE_EMAIL_DOMAINS",
      "ROWGATE_SELF_REGISTRATION",
      "ROWGATE_USER_POOL_CLIENT_ID",
      "ROWGATE_USER_POOL_ID",
    ],
    callers: ["apigateway"],
    statements: {
      ManageAccounts: [
        "cognito-idp:AdminAddUserToGroup",
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminDisableUser",
        "cognito-idp:AdminEnableUser",
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminInitiateAuth",
        "cognito-idp:AdminListGroupsForUser",
        "cognito-idp:AdminRemoveUserFromGroup",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:AdminUserGlobalSignOut",
        "cognito-idp:CreateGroup",
        "cognito-idp:DescribeUserPool",
        "cognito-idp:ListUsers",
        "cognito-idp:ListUsersInGroup",
      ],
      ReadDatabaseSecret: SECRET,
      UseDatabase: [
        "rds-data:BeginTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
      ],
      WriteLogs: LOGS,
    },
  },
  console: {
    timeout: 28,
    variables: [HTTP, "ROWGATE_BUCKET_ORIGIN"],
    callers: ["apigateway"],
    statements: {
      WriteLogs: LOGS,
    },
  },
  loader: {
    timeout: 900,
    variables: [...DATABASE, "ROWGATE_BUCKET", "ROWGATE_EVENT_BUS", "ROWGATE_QUEUE_URL", "ROWGATE_REJECTED_KEEP_DAYS"],
    isChained: true,
    callers: ["events"],
    statements: {
      KeepFailures: ["sqs:SendMessage"],
      ListDroppedFiles: ["s3:ListBucket", "s3:ListBucketVersions"],
      ReadDatabaseSecret: SECRET,
      ReadDroppedFiles: ["s3:GetObject", "s3:GetObjectVersion"],
      RememberAudits: ["s3:GetObject", "s3:PutObject"],
      SendEvents: ["events:PutEvents"],
      SendToQueue: ["sqs:SendMessage"],
      // Lambda itself does this, as the function's role, to give it its messages; the function
      // changes how long a message is hidden.
      TakeFromQueue: [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
      ],
      UseDatabase: TRANSACTIONS,
      WriteLogs: LOGS,
      WriteRejects: ["s3:DeleteObject", "s3:PutObject"],
    },
  },
  backup: {
    timeout: 900,
    variables: [
      HTTP,
      ...DATABASE,
      "ROWGATE_BACKUP_CODEC",
      "ROWGATE_BACKUP_KEEP_DAYS",
      "ROWGATE_BUCKET",
      "ROWGATE_EVENT_BUS",
      "ROWGATE_KEYS",
    ],
    isChained: true,
    callers: ["apigateway", "apigateway", "events", "events"],
    statements: {
      ContinueLater: ["lambda:InvokeFunction"],
      KeepFailures: ["sqs:SendMessage"],
      ListBackups: ["s3:ListBucket"],
      ReadDatabaseSecret: SECRET,
      SendEvents: ["events:PutEvents"],
      UseDatabase: TRANSACTIONS,
      WriteBackups: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      WriteLogs: LOGS,
    },
  },
  restore: {
    timeout: 900,
    variables: [
      HTTP,
      ...DATABASE,
      "ROWGATE_BACKUP_MAX_AGE_HOURS",
      "ROWGATE_BUCKET",
      "ROWGATE_EVENT_BUS",
      "ROWGATE_KEYS",
      "ROWGATE_RESTORE_PREFIXES",
    ],
    isChained: true,
    callers: ["apigateway", "apigateway", "events", "events"],
    statements: {
      ContinueLater: ["lambda:InvokeFunction"],
      KeepFailures: ["sqs:SendMessage"],
      ListAvroFiles: ["s3:ListBucket"],
      NoteVerified: ["s3:PutObject"],
      ReadAvroFiles: ["s3:GetObject"],
      ReadDatabaseSecret: SECRET,
      RememberReaps: ["s3:GetObject", "s3:PutObject"],
      SendEvents: ["events:PutEvents"],
      UseDatabase: TRANSACTIONS,
      WriteLogs: LOGS,
      WriteRejects: ["s3:DeleteObject", "s3:PutObject"],
    },
  },
  migrate: {
    timeout: 900,
    variables: [...DATABASE, "ROWGATE_READER_SECRET_ARN", "ROWGATE_WRITER_SECRET_ARN"],
    statements: {
      ReadDatabaseSecret: SECRET,
      // The passwords of the users that it makes.
      ReadReaderSecret: SECRET,
      ReadWriterSecret: SECRET,
      UseDatabase: TRANSACTIONS,
      WriteLogs: LOGS,
    },
  },
  canary: {
    timeout: 240,
    variables: ["ROWGATE_BUCKET", "ROWGATE_KEY_ID", "ROWGATE_URL"],
    callers: ["events"],
    statements: {
      DropFiles: ["s3:PutObject"],
      ReadKey: ["apigateway:GET"],
      WriteLogs: LOGS,
    },
  },
  sample: {
    timeout: 900,
    isOptional: true,
    variables: ["ROWGATE_BUCKET"],
    statements: {
      DropFiles: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
      WriteLogs: LOGS,
    },
  },
};
