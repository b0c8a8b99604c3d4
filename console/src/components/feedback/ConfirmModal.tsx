import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, type ReactNode, useState } from "react";
import { ProblemAlert } from "./ProblemAlert";

interface Props {
  header: string;
  children: ReactNode;
  /** The text of the button that confirms. */
  confirmText: string;
  /** The text to type before it can be confirmed; none if a click is enough. */
  typed?: string;
  /** Heads what went wrong. */
  failedHeader: string;
  /** Does it; an error is shown, and the question stays. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
  disabled?: boolean;
}

/** Asks before something is done that is hard to undo. */
export function ConfirmModal({
  header,
  children,
  confirmText,
  typed,
  failedHeader,
  onConfirm,
  onClose,
  disabled,
}: Props) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const ready = !disabled && (typed === undefined || text.trim() === typed);

  async function confirm(event?: FormEvent) {
    event?.preventDefault();
    if (!ready || busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
    } catch (caught) {
      setError(caught as Error);
      setBusy(false);
    }
  }

  return (
    <Modal
      visible
      header={header}
      onDismiss={() => !busy && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose} disabled={busy}>
              Cancel
            </Button>
            <Button variant="primary" onClick={() => void confirm()} loading={busy} disabled={!ready}>
              {confirmText}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form onSubmit={(event) => void confirm(event)}>
        <SpaceBetween size="m">
          <ProblemAlert error={error} header={failedHeader} />
          {children}
          {typed !== undefined && (
            <FormField
              label={
                <>
                  To confirm, type <Box variant="code">{typed}</Box>
                </>
              }
            >
              <Input
                value={text}
                onChange={({ detail }) => setText(detail.value)}
                placeholder={typed}
                autoComplete={false}
                ariaLabel={`To confirm, type ${typed}`}
              />
            </FormField>
          )}
        </SpaceBetween>
      </form>
    </Modal>
  );
}
