import { useCallback, useEffect, useState } from "react";

const PREFIX = "rowgate.draft.";

function stored<T>(key: string): T | null {
  try {
    const text = sessionStorage.getItem(PREFIX + key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** State that outlives a reload of the page in this tab; `clear` forgets it. `null` until something was set. */
export function useDraft<T>(key: string): [T | null, (value: T) => void, () => void] {
  const [draft, setDraft] = useState(() => stored<T>(key));
  useEffect(() => setDraft(stored<T>(key)), [key]);
  const set = useCallback(
    (value: T) => {
      setDraft(value);
      try {
        sessionStorage.setItem(PREFIX + key, JSON.stringify(value));
      } catch {
        // A full store keeps no draft; the form works all the same.
      }
    },
    [key],
  );
  const clear = useCallback(() => {
    setDraft(null);
    sessionStorage.removeItem(PREFIX + key);
  }, [key]);
  return [draft, set, clear];
}
