// Tells the server which link the page was opened with, once, and takes it out of the address
// when its visitor has answered. What stands after the # reaches no server by itself.

const LINK = /^#s=(.+)$/s, MOST = 16_001;

const page = (window.playgroundLink ??= { told: null });

export default ({ data, setTriggerValue }) => {
  page.tell = () => {
    const found = LINK.exec(location.hash);
    if (!found) page.told = null;
    if (!found || found[1] === page.told) return;
    page.told = found[1];
    setTriggerValue("link", found[1].slice(0, MOST));
  };
  if (!page.listens) addEventListener("hashchange", () => page.tell());
  page.listens = true;
  if (data.answered && page.told?.slice(0, MOST).endsWith(data.answered)) {
    history.replaceState(history.state, "", location.pathname + location.search);
    // A host that shows this page in a frame is told of the new address by this event.
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
  page.tell();
};
