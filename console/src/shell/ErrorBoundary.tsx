import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { Component, type ReactNode } from "react";

/** Shows what went wrong in a page in its place; the navigation stays. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) {
      return this.props.children;
    }
    // A new version of the console has files of other names.
    const stale = /dynamically imported module|Importing a module script failed/i.test(this.state.error.message);
    return (
      <Alert
        type="error"
        header={stale ? "This page could not be loaded" : "This page has stopped"}
        action={<Button onClick={() => window.location.reload()}>Load again</Button>}
      >
        {stale
          ? "The console was updated, or the network is away. Load the page again; what you have entered is kept."
          : `Load the page again. If it stays, tell an operator what you did, and this: ${this.state.error.message}`}
      </Alert>
    );
  }
}
