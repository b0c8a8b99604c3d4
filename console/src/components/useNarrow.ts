import { useSyncExternalStore } from "react";

/**
 * Below this width, in pixels, a table has no room for its columns; Cloudscape breaks at the same.
 */
const NARROW = window.matchMedia("(max-width: 688px)");

const subscribe = (listener: () => void) => {
  NARROW.addEventListener("change", listener);
  return () => NARROW.removeEventListener("change", listener);
};

/** Returns true on a narrow screen. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => NARROW.matches);
}
