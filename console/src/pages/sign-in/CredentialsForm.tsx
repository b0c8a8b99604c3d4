import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { useTask } from "../../api/task";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";

export interface CredentialsFormProps {
  label: string;
  username: string;
  /** True if the name cannot be changed, because a session continues. */
  fixed?: boolean;
  fresh?: boolean;
  note?: ReactNode;
  secondary?: ReactNode;
  onSubmit: (username: string, password: string) => Promise<void>;
}

/** An e-mail address and a password. */
export function CredentialsForm(props: CredentialsFormProps) {
  const [username, setUsername] = useState(props.username);
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [asked, setAsked] = useState(false);
  const { busy, error, run } = useTask();

  const wrong = {
    username: username.trim() === "" ? "Enter your e-mail address." : "",
    password: password === "" ? "Enter a password." : "",
    again: props.fresh && again !== password ? "The two passwords differ." : "",
  };

  const submit = async () => {
    setAsked(true);
    if (!wrong.username && !wrong.password && !wrong.again) {
      await run(() => props.onSubmit(username.trim(), password));
    }
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {props.secondary}
            <Button variant="primary" loading={busy} formAction="submit">
              {props.label}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          {props.note}
          <ProblemAlert error={error} />
          <FormField label="E-mail address" errorText={asked && wrong.username}>
            <Input
              value={username}
              onChange={({ detail }) => setUsername(detail.value)}
              type="email"
              autoComplete="username"
              readOnly={props.fixed}
              autoFocus={!props.fixed && username === ""}
            />
          </FormField>
          <FormField
            label="Password"
            errorText={asked && wrong.password}
            constraintText={
              props.fresh
                ? "At least 12 characters, among them a capital letter, a small letter, a digit and a symbol; no blanks."
                : undefined
            }
          >
            <Input
              value={password}
              onChange={({ detail }) => setPassword(detail.value)}
              type="password"
              autoComplete={props.fresh ? "new-password" : "current-password"}
              autoFocus={props.fixed || username !== ""}
            />
          </FormField>
          {props.fresh && (
            <FormField label="Password, once more" errorText={asked && wrong.again}>
              <Input
                value={again}
                onChange={({ detail }) => setAgain(detail.value)}
                type="password"
                autoComplete="new-password"
              />
            </FormField>
          )}
        </SpaceBetween>
      </Form>
    </form>
  );
}
