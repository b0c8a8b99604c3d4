// The API's answers, as docs/api.md has them.

/** The rights of a caller; each includes the one before it. */
export type Right = "read" | "write" | "operate";

/** A value of a row: whole numbers that JavaScript cannot hold and decimals are text; an object or a
 * list in a column of JSON. */
export type Value = string | number | boolean | null | object;
export type Row = Record<string, Value>;

/** RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: FieldError[];
}

export interface FieldError {
  column: string | null;
  code: string;
  message: string;
}

// Accounts

export interface Tokens {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  refresh_token: string;
}

export interface Me {
  username: string;
  groups: string[];
  tables: string[];
}

export type AccountStatus = "pending" | "active" | "disabled";

export interface Account {
  username: string;
  status: AccountStatus;
  groups: string[];
  created_at: string;
  changed_at: string;
}

export interface AccountsPage {
  accounts: Account[];
  next: string | null;
}

export type AuditAction =
  | "insert-rows"
  | "put-row"
  | "delete-row"
  | "upload"
  | "start-backup"
  | "start-restore"
  | "undo-restore"
  | "register"
  | "approve"
  | "disable"
  | "login"
  | "logout";

export interface AuditEntry {
  id: number;
  at: string;
  username: string;
  action: AuditAction;
  table: string | null;
  row: string | null;
  before: Row | null;
  after: Row | null;
  detail: Record<string, unknown> | null;
  request_id: string;
}

export interface AuditPage {
  entries: AuditEntry[];
  next: string | number | null;
}

// The dictionary and rows

export interface Column {
  name: string;
  /** As in the dictionary: `integer`, `decimal(10,2)`, `string(255)`, `timestamp(3)`. */
  type: string;
  required: boolean;
  auto_increment: boolean;
  personal: boolean;
  references: string | null;
  rules: Rules;
  description: string;
}

/** What the values of a column keep beside their type. */
export interface Rules {
  minimum?: Value;
  maximum?: Value;
  min_length?: number;
  pattern?: string;
  values?: Value[];
}

export interface Table {
  name: string;
  description: string;
  /** The key's column; of a key of several columns all of them, with commas between them. */
  key: string;
  default_mode: Mode;
  columns: Column[];
}

export interface RowsPage {
  rows: Row[];
  next: number | string | null;
}

export interface RejectedRow {
  index: number;
  row: Row | null;
  errors: FieldError[];
  more_errors?: number;
}

export interface InsertAnswer {
  inserted: number;
  rejected: number;
  tables: Record<string, { inserted: number; rejected: RejectedRow[] }>;
}

// Reports

export interface ReportParameter {
  name: string;
  type: string;
  default?: Value;
  required?: boolean;
  minimum?: number | string;
  maximum?: number | string;
  values?: string[];
  description: string;
}

export interface ReportColumn {
  name: string;
  type: string;
  description: string;
}

export interface ReportChart {
  kind: "bar" | "line" | "pie";
  x: string;
  series: string[];
  stacked?: boolean;
}

export interface Report {
  name: string;
  title: string;
  description: string;
  parameters: ReportParameter[];
  columns: ReportColumn[];
  tables: string[];
  chart?: ReportChart | null;
}

export interface ReportAnswer {
  report: string;
  parameters: Record<string, Value>;
  columns: string[];
  rows: Row[];
}

// Loads

export type Mode = "append" | "upsert" | "replace";
export type LoadStatus = "running" | "completed" | "failed" | "skipped";

export interface Load {
  load: string;
  table: string;
  key: string;
  mode: Mode;
  format: string | null;
  status: LoadStatus;
  rows_read: number;
  rows_loaded: number;
  rows_rejected: number;
  unknown_references: number;
  bytes: number;
  started_at: string;
  finished_at: string | null;
  attempts: number;
  error: string | null;
  warnings: string[];
  parent: string | null;
  same_as: string | null;
}

export interface LoadsPage {
  loads: Load[];
  next: string | null;
}

export interface RejectsFile {
  key: string;
  rows: number;
  url: string;
}

export interface LoadDetail extends Load {
  rejects: RejectsFile[];
  rejects_files: number;
  rejects_next: string | null;
  rejects_expire_at: string | null;
}

// Activity and outliers

export interface ActivityDay {
  day: string;
  table: string;
  loads: number;
  failed: number;
  rows_loaded: number;
  rows_rejected: number;
}

export interface Activity {
  days: ActivityDay[];
}

export interface UnknownReferenceCheck {
  kind: "unknown_reference";
  table: string;
  column: string;
  references: string;
  count: number;
  rows: Row[];
}

export interface FarDateCheck {
  kind: "far_date";
  table: string;
  column: string;
  from: string;
  to: string;
  count: number;
  rows: Row[];
}

export interface UnusualCountCheck {
  kind: "unusual_count";
  table: string;
  column: string;
  references: string;
  count: number;
  mean: number;
  groups: { id: number | string; rows: number }[];
}

export type OutlierCheck = UnknownReferenceCheck | FarDateCheck | UnusualCountCheck;

export interface Outliers {
  checks: OutlierCheck[];
}

// Backups and restores

export type JobStatus = "running" | "completed" | "failed";

export interface Backup {
  backup: string;
  status: JobStatus;
  started_at: string | null;
  finished_at: string | null;
  moment: string | null;
  tables: Record<string, { rows: number | null; bytes: number | null }>;
  verified_at: string | null;
  verified: boolean | null;
  error: string | null;
}

export interface BackupDetail extends Backup {
  manifest: Record<string, unknown> | null;
}

export interface BackupsPage {
  backups: Backup[];
  next: string | null;
}

export interface RestoredTable {
  rows_read: number | null;
  rows_restored: number | null;
  rows_rejected: number | null;
  checksum: string | null;
  /** True if the table as it was before is still there, so that the restore can be undone. */
  kept: boolean;
}

export interface Restore {
  restore: string;
  kind: "backup" | "files" | "put_back";
  source: string;
  mode: "replace" | "verify";
  strict: boolean;
  status: JobStatus;
  started_at: string | null;
  finished_at: string | null;
  attempts: number;
  error: string | null;
  tables: Record<string, RestoredTable>;
}

export interface RestoresPage {
  restores: Restore[];
  next: string | null;
}

export interface UndoneRestore {
  restore: string;
  tables: Record<string, unknown>;
}

// Uploads

/** Settings for reading one file; the loader recognises what is left out. */
export interface FileSettings {
  /** Header name of the file to column of the table; null: left out. */
  columns?: Record<string, string | null>;
  delimiter?: string;
  encoding?: string;
  header?: string;
  skip_lines?: number;
  null_values?: string[];
  decimal_comma?: boolean;
  date_formats?: string[];
  timestamp_formats?: string[];
  time_zone?: string;
  sheet?: string;
}

export interface UploadRequest {
  table: string;
  file: string;
  mode?: Mode;
  bytes?: number;
  settings?: FileSettings;
}

export interface SingleUpload {
  key: string;
  method: "PUT";
  url: string;
  headers: Record<string, string>;
  expires_at: string;
}

export interface PartsUpload {
  key: string;
  id: string;
  part_bytes: number;
  bytes: number;
  parts: { number: number; url: string }[];
  done?: number[];
  expires_at: string;
}

export type Upload = SingleUpload | PartsUpload;

export interface CheckRequest {
  table: string;
  file: string;
  mode?: Mode;
  settings?: FileSettings;
  content: string;
  whole: boolean;
}

export interface CheckedRow {
  line: number;
  values: Record<string, string | null>;
  errors: FieldError[];
}

export interface Check {
  format: string;
  encoding: string | null;
  delimiter: string | null;
  header: string[] | null;
  columns: { name: string; column: string | null }[];
  rows: CheckedRow[];
  rows_read: number;
  rows_rejected: number;
  codes: Record<string, number>;
  warnings: string[];
  problem: string | null;
  proposal: FileSettings | null;
}
