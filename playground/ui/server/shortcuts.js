// The page's shortcuts end where something else is in front: a dialog, a popover, a menu.
// A key pressed there is that one's alone.

const shortcuts = (window.playgroundShortcuts ??= { withheld: new WeakSet() });

const IN_FRONT = [
  "[role=dialog]", "[role=alertdialog]", "[role=listbox]", "[role=menu]",
  "[data-testid=stPopoverBody]",
].join(", ");

// Looked at before anybody hears of the key: Escape will have closed it by the time that the
// page's own listener, which is the document's, would look.
shortcuts.look ??= (event) => {
  const { key, ctrlKey, metaKey, altKey } = event;
  if (key !== "Escape" && !ctrlKey && !metaKey && !altKey) return;
  if (document.querySelector(IN_FRONT)) shortcuts.withheld.add(event);
};
shortcuts.withhold ??= (event) => {
  if (shortcuts.withheld.has(event)) event.stopPropagation();
};
window.addEventListener("keydown", shortcuts.look, { capture: true });
document.body.addEventListener("keydown", shortcuts.withhold);
