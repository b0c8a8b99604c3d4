/** A function that answers on both doors. */
export type SharedTarget = "insert" | "reports" | "backup" | "restore" | "uploads";
/** A function that answers on the people's door. */
export type PeopleTarget = SharedTarget | "accounts" | "console";

/** One method of an API and the function that answers it. */
export interface Route<Target extends string = SharedTarget> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly target: Target;
}

/** A route of the people's door, which anybody may call where it is open. */
export interface PeopleRoute extends Route<PeopleTarget> {
  readonly open?: true;
}

/** What programs with a key and people with a token may call alike. */
export const SHARED_ROUTES: readonly Route[] = [
  { method: "POST", path: "/insert_data", target: "insert" },
  { method: "POST", path: "/tables/{table}/rows", target: "insert" },
  { method: "GET", path: "/tables/{table}/rows", target: "insert" },
  { method: "GET", path: "/tables/{table}/rows/{id}", target: "insert" },
  { method: "PUT", path: "/tables/{table}/rows/{id}", target: "insert" },
  { method: "DELETE", path: "/tables/{table}/rows/{id}", target: "insert" },
  { method: "GET", path: "/tables", target: "reports" },
  { method: "GET", path: "/reports", target: "reports" },
  { method: "GET", path: "/reports/{name}", target: "reports" },
  { method: "GET", path: "/loads", target: "reports" },
  { method: "GET", path: "/loads/{id}", target: "reports" },
  { method: "GET", path: "/activity", target: "reports" },
  { method: "GET", path: "/outliers", target: "reports" },
  { method: "GET", path: "/status", target: "reports" },
  { method: "GET", path: "/openapi.json", target: "reports" },
  { method: "GET", path: "/docs", target: "reports" },
  { method: "POST", path: "/uploads", target: "uploads" },
  { method: "POST", path: "/uploads/check", target: "uploads" },
  { method: "GET", path: "/uploads/{id}", target: "uploads" },
  { method: "POST", path: "/uploads/{id}/complete", target: "uploads" },
  { method: "POST", path: "/backups", target: "backup" },
  { method: "GET", path: "/backups", target: "backup" },
  { method: "GET", path: "/backups/{id}", target: "backup" },
  { method: "POST", path: "/restores", target: "restore" },
  { method: "GET", path: "/restores", target: "restore" },
  { method: "GET", path: "/restores/{id}", target: "restore" },
  { method: "POST", path: "/restores/{id}/undo", target: "restore" },
];

/** What people alone may call. */
export const PEOPLE_ROUTES: readonly PeopleRoute[] = [
  // Nobody has a token before these have answered.
  { method: "POST", path: "/register", target: "accounts", open: true },
  { method: "POST", path: "/login", target: "accounts", open: true },
  { method: "POST", path: "/refresh", target: "accounts", open: true },
  { method: "POST", path: "/logout", target: "accounts" },
  { method: "GET", path: "/me", target: "accounts" },
  { method: "GET", path: "/accounts", target: "accounts" },
  { method: "POST", path: "/accounts/{username}/approve", target: "accounts" },
  { method: "POST", path: "/accounts/{username}/disable", target: "accounts" },
  { method: "GET", path: "/audit", target: "accounts" },
  // A browser sends no token for a page, a script or a picture. There is no data in them.
  { method: "GET", path: "/console", target: "console", open: true },
  { method: "GET", path: "/console/{proxy+}", target: "console", open: true },
];
