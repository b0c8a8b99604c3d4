import { useState } from "react";
import { startRestore } from "../../api/backups";
import { useNotify } from "../../shell/notifications";
import { href, navigate } from "../../shell/route";

/**
 * Starts the verification of a backup and goes to the page that follows it; also the backup that is
 * being started.
 */
export function useVerify(): [(backup: string) => Promise<void>, string | null] {
  const notify = useNotify();
  const [starting, setStarting] = useState<string | null>(null);
  async function verify(backup: string) {
    setStarting(backup);
    try {
      const { restore } = await startRestore({ backup, mode: "verify" });
      navigate(href(["backups", "restore", restore]));
    } catch (caught) {
      notify({ type: "error", header: "The verification did not start", content: (caught as Error).message });
    } finally {
      setStarting(null);
    }
  }
  return [verify, starting];
}
