import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

export interface Notice {
  type: "success" | "error" | "info" | "warning";
  header?: string;
  content: ReactNode;
}

type Notify = (notice: Notice) => void;

let count = 0;

const NotifyContext = createContext<Notify>(() => {});
const ItemsContext = createContext<FlashbarProps.MessageDefinition[]>([]);

export function NotificationsProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<FlashbarProps.MessageDefinition[]>([]);
  const notify = useCallback<Notify>((notice) => {
    const id = `notice-${count++}`;
    const dismiss = () => setItems((items) => items.filter((item) => item.id !== id));
    setItems((items) => [
      { ...notice, id, dismissible: true, dismissLabel: "Dismiss", onDismiss: dismiss },
      ...items.slice(0, 4),
    ]);
  }, []);
  const shown = useMemo(() => items, [items]);
  return (
    <NotifyContext.Provider value={notify}>
      <ItemsContext.Provider value={shown}>{children}</ItemsContext.Provider>
    </NotifyContext.Provider>
  );
}

/** Returns what puts a message above the page: `notify({ type: "success", content: "Saved." })`. */
export function useNotify(): Notify {
  return useContext(NotifyContext);
}

export function Notifications() {
  return <Flashbar items={useContext(ItemsContext)} stackItems i18nStrings={{ ariaLabel: "Notifications" }} />;
}
