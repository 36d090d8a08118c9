// What the page's frame does in the browser: the connection's badge opens the sidebar, what a
// click opens comes into view, and the focus never falls to the page's body.

const page = (window.playgroundPage ??= {});
const FOLLOW_MS = 10_000;

// Streamlit lets a script choose how the sidebar begins, but not open it later.
page.clicked ??= ({ target }) => {
  const is = (selector) => target.closest?.(selector);
  if (is(".st-key-show_connection button"))
    document.querySelector("[data-testid=stExpandSidebarButton]")?.click();
  // The experiment's progress is at the top of its pane.
  if (is(".st-key-run_experiment button")) document.querySelector(".st-key-right")?.scrollTo(0, 0);
  // Choosing a lesson closes the list, after the button's own handler has run.
  if (is("[data-testid=stPopoverBody] [class*=st-key-lesson_] button"))
    setTimeout(() => document.querySelector(".st-key-lessons [aria-expanded=true]")?.click());
  page.opensRow = is(".st-key-log [data-testid=stDataFrame]") && performance.now();
};
window.addEventListener("click", page.clicked, { capture: true });

// A clicked row opens beneath the table, often below the window, and its content arrives in pieces:
// keep it in view until the visitor does something else, or it must have arrived.
page.showRow ??= () => {
  if (performance.now() - page.opensRow > FOLLOW_MS) page.opensRow = null;
  if (page.opensRow) document.querySelector(".st-key-log_detail")?.scrollIntoView({ block: "nearest" });
};
page.stopFollowing ??= () => { page.opensRow = null; };
for (const gesture of ["pointerdown", "wheel", "touchmove", "keydown"])
  window.addEventListener(gesture, page.stopFollowing, { capture: true, passive: true });

const IN_FRONT = "[role=dialog], [data-testid=stPopoverBody]";
const MODAL = `${IN_FRONT}, [role=listbox], [role=menu], [aria-modal=true]`;
const WAKE_AFTER_MS = 500;
const CONTROL = ":is(button, input, textarea, select):enabled";

// The keys of all that an element is in, the nearest first.
function keysOf(element) {
  const keys = [];
  for (let each = element; each; each = each.parentElement)
    keys.push(...[...each.classList].filter((name) => name.startsWith("st-key-")));
  return keys;
}

// A popover and a dialog opened from it, closing together, can leave the page inert: nothing is in
// front of it, and it takes no clicks.
const isAsleep = () => document.querySelector("#root")?.inert && !document.querySelector(MODAL);
page.wake ??= () => {
  if (!isAsleep()) return;
  page.waking ??= setTimeout(() => {
    page.waking = null;
    if (isAsleep()) document.querySelector("#root").inert = false;
  }, WAKE_AFTER_MS);
};

page.focused ??= ({ target }) => {
  if (target === page.parked) return;
  page.keys = keysOf(target);
  if (!target.closest(IN_FRONT)) page.outside = page.keys;
};
// Whoever presses on something else takes the focus away.
page.pressed ??= () => { page.keys = page.outside = null; };
window.addEventListener("focusin", page.focused, { capture: true });
window.addEventListener("pointerdown", page.pressed, { capture: true });

// What had the focus is gone, or off: it goes to what has taken its place, or else to what it was
// in, from where Tab goes on; and back to it when it is on again. Not to the next button: a second
// Enter would press that.
page.look ??= () => {
  page.isDue = false;
  page.showRow();
  page.wake();
  const active = document.activeElement;
  if (active !== document.body && active !== page.parked) return;
  for (const [key, ...around] of [page.keys ?? [], page.outside ?? []]) {
    const control = key && document.querySelector(`.${key} ${CONTROL}`);
    if (control) return control.focus({ preventScroll: true });
    const place = around.map((each) => document.querySelector(`.${each}`)).find(Boolean);
    if (!place) continue;
    page.parked = place;
    place.tabIndex = -1;
    return place.focus({ preventScroll: true });
  }
};
page.observer ??= new MutationObserver(() => {
  if (!page.isDue) requestAnimationFrame(page.look);
  page.isDue = true;
});
page.observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled", "inert"] });

export default () => {};
