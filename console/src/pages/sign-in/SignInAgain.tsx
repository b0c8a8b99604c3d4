import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import { session } from "../../session/store";
import { CredentialsForm } from "./CredentialsForm";

/** Asks to sign in again above the page; pending requests continue then. */
export function SignInAgain({ username }: { username: string }) {
  const leave = () => session.leave();
  return (
    <Modal visible header="Your session has ended" onDismiss={leave} closeAriaLabel="Leave without signing in">
      <CredentialsForm
        label="Sign in and go on"
        fixed
        username={username}
        note={<Box variant="p">Sign in again. The page stays as it is, and goes on with what it was doing.</Box>}
        secondary={
          <Button variant="link" formAction="none" onClick={leave}>
            Leave
          </Button>
        }
        onSubmit={(username, password) => session.signIn(username, password)}
      />
    </Modal>
  );
}
