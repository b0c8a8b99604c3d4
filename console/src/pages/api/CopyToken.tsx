import Button from "@cloudscape-design/components/button";
import { session } from "../../session/store";
import { useNotify } from "../../shell/notifications";

/** Copies the access token of this session, for a shell. It is never shown. */
export function CopyToken() {
  const notify = useNotify();
  async function copy() {
    const access = session.fresh();
    try {
      // A browser lets a page copy right after a click: what the text is may come later.
      const text = access.then(({ token }) => new Blob([token], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    } catch {
      const why = await access.then(
        () => "The browser did not let the token be copied.",
        (error: Error) => error.message,
      );
      notify({ type: "error", header: "The token was not copied", content: why });
      return;
    }
    const { until: end } = await access;
    const until = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    notify({
      type: "success",
      content: `The token is copied: export ROWGATE_TOKEN=… in your shell. It holds until ${until}; keep it to yourself.`,
    });
  }
  return (
    <Button iconName="copy" onClick={() => void copy()}>
      Copy token
    </Button>
  );
}
