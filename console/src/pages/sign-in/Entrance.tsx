import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useState } from "react";
import * as api from "../../api/session";
import { ProblemError } from "../../api/problem";
import { ProblemAlert } from "../../components/feedback/ProblemAlert";
import { session } from "../../session/store";
import { TopBar } from "../../shell/TopBar";
import { CredentialsForm } from "./CredentialsForm";

type View = { kind: "sign-in" } | { kind: "register" } | { kind: "pending"; username: string; registered: boolean };

/** The page for people who are not signed in: sign in, register, or wait for approval. */
export function Entrance({ error }: { error?: Error }) {
  const [view, setView] = useState<View>({ kind: "sign-in" });
  const [username, setUsername] = useState(session.lastUsername());

  useEffect(() => {
    document.title = "Sign in · Rowgate";
  }, []);

  const signIn = async (username: string, password: string) => {
    setUsername(username);
    try {
      await session.signIn(username, password);
    } catch (error) {
      if (error instanceof ProblemError && error.kind === "pending-approval") {
        setView({ kind: "pending", username, registered: false });
        return;
      }
      throw error;
    }
  };

  const register = async (username: string, password: string) => {
    setUsername(username);
    await api.register(username, password);
    setView({ kind: "pending", username, registered: true });
  };

  return (
    <>
      <div id="top-bar">
        <TopBar />
      </div>
      <main className="entrance">
        {view.kind === "sign-in" && (
          <Card title="Sign in" description="Rows in, refused rows fixed, reports out.">
            <CredentialsForm
              key="sign-in"
              label="Sign in"
              username={username}
              note={error && <ProblemAlert error={error} onRetry={() => void session.start()} />}
              secondary={
                <Button variant="link" formAction="none" onClick={() => setView({ kind: "register" })}>
                  Register
                </Button>
              }
              onSubmit={signIn}
            />
          </Card>
        )}
        {view.kind === "register" && (
          <Card title="Register" description="An operator lets you in, and says what you may see.">
            <CredentialsForm
              key="register"
              fresh
              label="Register"
              username={username}
              secondary={
                <Button variant="link" formAction="none" onClick={() => setView({ kind: "sign-in" })}>
                  I have an account
                </Button>
              }
              onSubmit={register}
            />
          </Card>
        )}
        {view.kind === "pending" && (
          <Card title="Waiting for approval">
            <SpaceBetween size="m">
              <Alert type={view.registered ? "success" : "info"}>
                {view.registered
                  ? `If ${view.username} was free, it is registered now. An operator has to approve it before you can sign in.`
                  : `${view.username} has not been approved yet.`}
              </Alert>
              <Box variant="p">Ask an operator of Rowgate to approve the account, then sign in.</Box>
              <Button variant="primary" onClick={() => setView({ kind: "sign-in" })}>
                Sign in
              </Button>
            </SpaceBetween>
          </Card>
        )}
      </main>
    </>
  );
}

function Card({ title, description, children }: { title: string; description?: string; children: ReactNode }) {
  return (
    <Container
      header={
        <Header variant="h1" description={description}>
          {title}
        </Header>
      }
    >
      {children}
    </Container>
  );
}
