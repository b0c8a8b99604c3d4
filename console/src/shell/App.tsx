import I18nProvider from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import Spinner from "@cloudscape-design/components/spinner";
import { Entrance } from "../pages/sign-in/Entrance";
import { SignInAgain } from "../pages/sign-in/SignInAgain";
import { SessionProvider, useSessionState } from "../session";
import { NotificationsProvider } from "./notifications";
import { Shell } from "./Shell";

export function App() {
  const state = useSessionState();
  return (
    <I18nProvider locale="en" messages={[messages]}>
      {state.kind === "starting" && (
        <div className="centre">
          <Spinner size="large" />
        </div>
      )}
      {state.kind === "out" && <Entrance error={state.error} />}
      {(state.kind === "in" || state.kind === "over") && (
        // Another person gets pages of their own, whatever the one before had on them.
        <SessionProvider key={state.me.username} me={state.me}>
          <NotificationsProvider>
            <Shell />
          </NotificationsProvider>
          {state.kind === "over" && <SignInAgain username={state.me.username} />}
        </SessionProvider>
      )}
    </I18nProvider>
  );
}
