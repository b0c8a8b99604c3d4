import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";

const KEY = "rowgate.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function kept(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : "system";
}

function apply(): void {
  const theme = kept();
  const isDark = theme === "dark" || (theme === "system" && dark.matches);
  applyMode(isDark ? Mode.Dark : Mode.Light);
  document.documentElement.classList.toggle("dark", isDark);
  for (const listener of listeners) {
    listener();
  }
}

/** Applies the theme that was chosen here before, or the system's, and follows the system. */
export function startTheme(): void {
  dark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === KEY && apply());
  apply();
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  apply();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, kept);
}
