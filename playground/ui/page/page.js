// What the page's frame does in the browser: the connection's badge opens the sidebar, what a
// click opens comes into view, the log's head leads to the log and back, and the focus never falls
// to the page's body.

const page = (window.playgroundPage ??= {});
const FOLLOW_MS = 30_000;
// What a click on these opens.
const SHOWN_BY = {
  log_detail: ".st-key-log [data-testid=stDataFrame]",
  log_undo: ".st-key-delete_run button",
  // They stand right beneath the message that is to be written now.
  checks: ".st-key-answers [class*=st-key-continue_] button",
  experiment_results: ":is(.st-key-run_experiment, .st-key-submit_experiment, [class*=st-key-open_experiment_]) button",
};

const glide = () => matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

// Streamlit lets a script choose how the sidebar begins, but not open it later.
page.clicked ??= (event) => {
  const is = (selector) => event.target.closest?.(selector);
  if (is(".st-key-show_connection button"))
    document.querySelector("[data-testid=stExpandSidebarButton]")?.click();
  if (is(":is(.st-key-edit_run, .st-key-continue_run) button")) page.turnToEditor();
  // A click of the page's own, such as that one, opens nothing.
  if (event.isTrusted) {
    page.opens = Object.keys(SHOWN_BY).find((key) => is(SHOWN_BY[key]));
    page.openedAt = performance.now();
  }
  if (is(".st-key-log_head") && !is(":is(button, [data-testid=stTooltipIcon])")) {
    event.preventDefault(); // The link would change the address.
    // Selecting the numbers, to copy them, must not scroll them away.
    if (getSelection().isCollapsed) page.turnToLog();
  }
};
window.addEventListener("click", page.clicked, { capture: true });

// A link, which a browser follows at Enter, looks like a button, which is pressed by a space as well.
page.spaced ??= (event) => {
  const link = event.key === " " && event.target.closest?.(".st-key-log_head a");
  if (!link) return;
  event.preventDefault();
  link.click();
};
window.addEventListener("keydown", page.spaced, { capture: true });

// To the log, which looks out at the foot of the window; from it, back to the top.
page.turnToLog ??= () => {
  const log = document.querySelector(".st-key-log"), main = document.querySelector("[data-testid=stMain]");
  const isAtEnd = main.scrollTop > 0 && main.scrollTop + main.clientHeight >= main.scrollHeight - 2;
  const isInView = isAtEnd || log.getBoundingClientRect().top < innerHeight / 2;
  if (isInView) main.scrollTo({ top: 0, behavior: glide() });
  else log.scrollIntoView({ block: "start", behavior: glide() });
};
// A run of the log that is put into the editor is looked at there.
page.turnToEditor ??= () => {
  for (const scrolled of ["[data-testid=stMain]", ".st-key-left"])
    document.querySelector(scrolled).scrollTo({ top: 0, behavior: glide() });
};

// What a click opens is often below the window, and its content arrives in pieces: keep it in view
// until the visitor does something else, or for `FOLLOW_MS`.
page.showOpened ??= () => {
  if (performance.now() - page.openedAt > FOLLOW_MS) page.opens = null;
  const opened = page.opens && document.querySelector(`.st-key-${page.opens}`);
  if (!opened) return;
  const pane = opened.closest(".st-key-right");
  if (!pane) return opened.scrollIntoView({ block: "nearest" });
  // The pane alone, where that scrolls, though it may not yet be full: the page behind it stays.
  if (getComputedStyle(pane).overflowY !== "visible")
    pane.scrollTop += opened.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  else opened.scrollIntoView({ block: "start" });
};
page.stopFollowing ??= () => { page.opens = null; };
for (const gesture of ["pointerdown", "wheel", "touchmove", "keydown"])
  window.addEventListener(gesture, page.stopFollowing, { capture: true, passive: true });

const IN_FRONT = "[role=dialog], [data-testid=stPopoverBody]";
const MODAL = `${IN_FRONT}, [role=listbox], [role=menu], [aria-modal=true]`;
const INERT_MS = 500;
const CONTROL = ":is(button, input, textarea, select):enabled";

// What ends in an ellipsis where there is no room for it: pointed at, it is whole in its title.
const CUT = ".st-key-variants [class*=st-key-model_] input, .st-key-log_head p, .st-key-placed p, .st-key-run p";
page.pointedAt ??= ({ target }) => {
  const cut = target.closest?.(CUT);
  if (cut) cut.title = cut.value ?? cut.textContent;
};
window.addEventListener("pointerover", page.pointedAt, { capture: true, passive: true });

// The keys of all that an element is in, the nearest first.
function keysOf(element) {
  const keys = [];
  for (let each = element; each; each = each.parentElement)
    keys.push(...[...each.classList].filter((name) => name.startsWith("st-key-")));
  return keys;
}

// A popover and a dialog opened from it, closing together, can leave the page inert: nothing is in
// front of it, and it takes no clicks.
const isStuckInert = () => document.querySelector("#root")?.inert && !document.querySelector(MODAL);
page.endInert ??= () => {
  if (!isStuckInert()) return;
  page.inertTimer ??= setTimeout(() => {
    page.inertTimer = null;
    if (isStuckInert()) document.querySelector("#root").inert = false;
  }, INERT_MS);
};

page.focused ??= ({ target }) => {
  if (target === page.parked) return;
  page.keys = keysOf(target);
  if (!target.closest(MODAL)) page.outside = page.keys;
};
// A press elsewhere takes the focus away on purpose.
page.pressed ??= () => { page.keys = page.outside = null; };
window.addEventListener("focusin", page.focused, { capture: true });
window.addEventListener("pointerdown", page.pressed, { capture: true });

// If the focused element was removed or disabled, the focus goes to its replacement, or else to what
// contained it, from where Tab goes on; and back when it is enabled again. Not to the next button: a
// second Enter would press that.
page.onChange ??= () => {
  page.isDue = false;
  page.showOpened();
  page.endInert();
  const active = document.activeElement;
  // A browser takes the focus from a disabled element only after this frame.
  const isLost = active === document.body || active === page.parked || active.matches(":disabled");
  if (!isLost) return;
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
  if (!page.isDue) requestAnimationFrame(page.onChange);
  page.isDue = true;
});
page.observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled", "inert"] });

export default () => {};
