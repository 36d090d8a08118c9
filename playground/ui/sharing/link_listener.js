// Sends the server the link that the page was opened with, once, and removes it from the address
// when its visitor has answered. Browsers do not send what follows the #.

const LINK = /^#s=(.+)$/s, MOST = 16_001;

const page = (window.playgroundLink ??= { sent: null });

export default ({ data, setTriggerValue }) => {
  page.send = () => {
    const found = LINK.exec(location.hash);
    if (!found) page.sent = null;
    if (!found || found[1] === page.sent) return;
    page.sent = found[1];
    setTriggerValue("link", found[1].slice(0, MOST));
  };
  if (!page.listens) addEventListener("hashchange", () => page.send());
  page.listens = true;
  if (data.answered && page.sent?.slice(0, MOST).endsWith(data.answered)) {
    history.replaceState(history.state, "", location.pathname + location.search);
    // This event reports the new address to a host that shows this page in a frame.
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
  page.send();
};
