// What the page's frame does in the browser: the connection's badge opens the sidebar.
// Streamlit lets a script choose how the sidebar begins, but not open it later.

const page = (window.playgroundPage ??= {});

page.clicked ??= ({ target }) => {
  if (!target.closest?.(".st-key-show_connection button")) return;
  document.querySelector("[data-testid=stExpandSidebarButton]")?.click();
};
window.addEventListener("click", page.clicked);

export default () => {};
