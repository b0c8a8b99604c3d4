import { useRoute } from "../../shell/route";
import { BackupPage } from "./BackupPage";
import { Lists } from "./Lists";
import { RestorePage } from "./RestorePage";

/** `#/backups`, `#/backups/backup/<id>` and `#/backups/restore/<id>`. */
export default function Backups() {
  const { rest } = useRoute();
  const [what, id] = rest;
  if (what === "backup" && id !== undefined) {
    return <BackupPage key={id} id={id} />;
  }
  if (what === "restore" && id !== undefined) {
    return <RestorePage key={id} id={id} />;
  }
  return <Lists />;
}
