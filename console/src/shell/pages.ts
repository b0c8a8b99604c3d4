import type { ComponentType } from "react";
import type { Right } from "../api/types";

export interface Page {
  /** The first segment of `#/…`; what follows is the page's own, see useRoute. */
  path: string;
  title: string;
  /** The right without which the page is neither in the navigation nor shown. */
  right: Right;
  load: () => Promise<{ default: ComponentType }>;
}

export const pages: Page[] = [
  { path: "overview", title: "Overview", right: "read", load: () => import("../pages/overview") },
  { path: "upload", title: "Upload", right: "write", load: () => import("../pages/upload") },
  { path: "loads", title: "Loads", right: "read", load: () => import("../pages/loads") },
  { path: "tables", title: "Tables", right: "read", load: () => import("../pages/tables") },
  { path: "reports", title: "Reports", right: "read", load: () => import("../pages/reports") },
  { path: "outliers", title: "Outliers", right: "read", load: () => import("../pages/outliers") },
  { path: "backups", title: "Backups", right: "read", load: () => import("../pages/backups") },
  { path: "api", title: "API", right: "read", load: () => import("../pages/api") },
  { path: "accounts", title: "Accounts", right: "operate", load: () => import("../pages/accounts") },
];
