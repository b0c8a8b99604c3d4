import type { LoadsPage } from "../../api/types";

/** Since when loads are shown. */
export const SPANS = [
  { value: "", label: "Any time" },
  { value: "1", label: "Last 24 hours" },
  { value: "7", label: "Last 7 days" },
  { value: "30", label: "Last 30 days" },
];

const DAY = 86_400_000;

/**
 * Leaves out of a page, which is newest first, what started before the span; nothing follows then.
 */
export function within(page: LoadsPage, span: string | null, now: Date): LoadsPage {
  const days = Number(span);
  if (!(days > 0)) {
    return page;
  }
  const from = now.getTime() - days * DAY;
  const loads = page.loads.filter((load) => new Date(load.started_at).getTime() >= from);
  return { loads, next: loads.length < page.loads.length ? null : page.next };
}
