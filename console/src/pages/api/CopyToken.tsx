import Button from "@cloudscape-design/components/button";
import { session } from "../../session/store";
import { useNotify } from "../../shell/notifications";

/** Copies the access token of this session, for a shell. It is never shown. */
export function CopyToken() {
  const notify = useNotify();
  async function copy() {
    try {
      await navigator.clipboard.writeText((await session.token()) ?? "");
      notify({
        type: "success",
        content:
          "The token is copied: export ROWGATE_TOKEN=… in your shell. It lasts five minutes; keep it to yourself.",
      });
    } catch {
      notify({ type: "error", content: "The browser did not let the token be copied." });
    }
  }
  return (
    <Button iconName="copy" onClick={() => void copy()}>
      Copy token
    </Button>
  );
}
