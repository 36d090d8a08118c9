// The page's shortcuts end where something else is in front: a dialog, a popover, a menu.
// A key pressed there is that one's alone.

const shortcuts = (window.playgroundShortcuts ??= { withheld: new WeakSet() });

const IN_FRONT = [
  "[role=dialog]", "[role=alertdialog]", "[role=listbox]", "[role=menu]",
  "[data-testid=stPopoverBody]",
].join(", ");

// Checked in the capture phase: by the time of the page's own listener, on the document, Escape has
// closed it.
shortcuts.check ??= (event) => {
  const { key, ctrlKey, metaKey, altKey } = event;
  if (key !== "Escape" && !ctrlKey && !metaKey && !altKey) return;
  if (document.querySelector(IN_FRONT)) shortcuts.withheld.add(event);
};
shortcuts.withhold ??= (event) => {
  if (shortcuts.withheld.has(event)) event.stopPropagation();
};
window.addEventListener("keydown", shortcuts.check, { capture: true });
document.body.addEventListener("keydown", shortcuts.withhold);
