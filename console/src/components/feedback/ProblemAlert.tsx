import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { isFinal } from "../../api/look";
import { ProblemError } from "../../api/problem";

export interface ProblemAlertProps {
  error: Error | null;
  /** The failed action, as a heading; by default the problem's own title. */
  header?: string;
  /** Tries again; offered where that can help. */
  onRetry?: () => void;
  onDismiss?: () => void;
}

/** Shows an error of the API in words: what happened, each of its errors, what to do. */
export function ProblemAlert({ error, header, onRetry, onDismiss }: ProblemAlertProps) {
  if (error === null) {
    return null;
  }
  const problem = error instanceof ProblemError ? error : null;
  return (
    <Alert
      type="error"
      header={header ?? problem?.title ?? "Something went wrong"}
      action={onRetry && !isFinal(error) && <Button onClick={onRetry}>Try again</Button>}
      dismissible={onDismiss !== undefined}
      onDismiss={onDismiss}
    >
      {error.message}
      {problem && problem.errors.length > 1 && (
        <ul>
          {problem.errors.map((each) => (
            <li key={`${each.column} ${each.code} ${each.message}`}>{each.message}</li>
          ))}
        </ul>
      )}
      {problem?.requestId && problem.status >= 500 && <div>Request {problem.requestId}</div>}
    </Alert>
  );
}
