/**
 * Takes `aria-orientation` off Cloudscape's navigation drawer, which has it on narrow screens: a
 * `nav` may not, and readers of screens may leave out what they cannot make sense of. Returns what
 * ends it.
 */
export function mendAria(root: HTMLElement): () => void {
  const mend = () => {
    for (const nav of root.querySelectorAll("nav[aria-orientation]")) {
      nav.removeAttribute("aria-orientation");
    }
  };
  const observer = new MutationObserver(mend);
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ["aria-orientation"] });
  mend();
  return () => observer.disconnect();
}
