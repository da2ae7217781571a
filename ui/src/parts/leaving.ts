/** Of the drawer with something in it that leaving would lose: the address it stands at, and its question. */
interface Held {
  at: string;
  ask: (leave: () => void) => void;
}

let held: (() => Held | undefined) | undefined;

/**
 * Asks `holder` what would be lost when the browser's own back or forward leaves a page. One at a time; gives what ends it.
 */
export function holdBack(holder: () => Held | undefined): () => void {
  held = holder;
  return () => {
    if (held === holder) held = undefined;
  };
}

let isLeaving = false;

// Listeners of the window are called in the order in which they came, so this must be there before that of the router:
// the application loads this file first.
window.addEventListener("popstate", (event) => {
  const found = isLeaving ? undefined : held?.();
  isLeaving = false;
  if (!found) return;
  event.stopImmediatePropagation();
  // The browser is there already: the form is put on top of that place.
  history.pushState(null, "", found.at);
  found.ask(() => {
    isLeaving = true;
    history.back();
  });
});
