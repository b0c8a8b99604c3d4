// The groups of an account: its rights, and the tables that it sees.

export type Role = "reader" | "writer" | "operator";

export const ROLES: readonly { readonly value: Role; readonly label: string; readonly description: string }[] = [
  { value: "reader", label: "Reader", description: "Looks at tables, loads and reports." },
  { value: "writer", label: "Writer", description: "Also adds and edits rows, and uploads files." },
  {
    value: "operator",
    label: "Operator",
    description: "Also deletes, backs up, restores and looks after accounts. Sees every table.",
  },
];

const TABLE = "table:";

export interface Chosen {
  readonly role: Role | null;
  /** None means every table. */
  readonly tables: readonly string[];
}

/** Reads groups as Cognito has them. The highest role counts. */
export function chosenOf(groups: readonly string[]): Chosen {
  const role = (["operator", "writer", "reader"] as const).find((one) => groups.includes(one)) ?? null;
  return {
    role,
    tables: groups.filter((group) => group.startsWith(TABLE)).map((group) => group.slice(TABLE.length)),
  };
}

/** Writes what was chosen as groups. */
export function groupsOf({ role, tables }: Chosen): string[] {
  return role === null ? [] : [role, ...(role === "operator" ? [] : tables.map((table) => TABLE + table))];
}

/** The tables that an account sees, in words. */
export function seen({ role, tables }: Chosen): string {
  if (role === null) {
    return "–";
  }
  return role === "operator" || tables.length === 0 ? "Every table" : tables.join(", ");
}
