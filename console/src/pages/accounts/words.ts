// The actions of people, in words.

import type { AuditAction } from "../../api/types";

const WORDS: Record<AuditAction, string> = {
  "insert-rows": "Added a row",
  "put-row": "Saved a row",
  "delete-row": "Deleted a row",
  upload: "Uploaded a file",
  "start-backup": "Started a backup",
  "start-restore": "Started a restore",
  "undo-restore": "Undid a restore",
  register: "Registered",
  approve: "Approved an account",
  disable: "Disabled an account",
  login: "Signed in",
  logout: "Signed out",
};

export function actionWords(action: AuditAction): string {
  return WORDS[action] ?? action;
}
