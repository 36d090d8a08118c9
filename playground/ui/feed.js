// The page's end of the feed: keeps what the answers have said so far, and draws of each
// what the server has not drawn as Markdown yet. Text only ever becomes text nodes.

const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000, LONGEST_STYLED = 3000;
const LONGEST_APART_MS = 300;
const STYLED = /\*\*(.+?)(?:\*\*|$)|`([^`]+)(?:`|$)/g;
const PILE = /(\p{M}{12})\p{M}+/gu; // A browser takes seconds for thousands of marks on a letter.
const ITEM = /^ *([-*+]|\d+[.)]) /;

const feed = (window.playgroundFeed ??= { texts: new Map(), waitMs: FIRST_WAIT_MS });
const tails = (window.playgroundTails ??= new Map()); // element → { of, from, isCode }

// Half of a character makes a message that the server cannot read, and then no click would do
// anything. It is replaced for all to see, before Streamlit's own listeners look.
feed.mend ??= ({ target, isComposing }) => {
  if (isComposing || target.value?.isWellFormed?.() !== false) return;
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
  set.call(target, target.value.toWellFormed());
};
window.addEventListener("input", feed.mend, { capture: true });

// A message of more than 25 MB ends the connection without a word. A UTF-16 unit is three
// bytes at most.
const MOST_TYPED = 7_000_000;
feed.bound ??= ({ target }) => {
  if (target.tagName !== "TEXTAREA") return;
  let size = 0;
  for (const area of document.querySelectorAll("textarea")) size += area.value.length;
  const before = feed.typed?.target === target ? feed.typed.text : target.defaultValue;
  const isTooLong = size > MOST_TYPED && target.value.length > before.length;
  if (isTooLong) {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
    set.call(target, before);
  }
  feed.typed = { target, text: target.value };
  tell(isTooLong && `That would make ${size.toLocaleString("en")} characters; a page sends ` +
    `${MOST_TYPED.toLocaleString("en")} at most. The text is as it was.`);
};
feed.enter ??= ({ target }) => { feed.typed = { target, text: target.value ?? "" }; };
window.addEventListener("focusin", feed.enter, { capture: true });
window.addEventListener("input", feed.bound, { capture: true });

function tell(words) {
  let note = document.querySelector(".playground-note");
  if (!words) return note?.remove();
  note ??= document.body.appendChild(document.createElement("div"));
  Object.assign(note, { className: "playground-note", role: "alert", textContent: words });
}

feed.draw = (element) => {
  const { of, from, isCode } = tails.get(element);
  const state = watched(element, from);
  element.classList.toggle("settling", state.hiddenUntil > performance.now());
  const text = (feed.texts.get(of) ?? "").slice(from).replace(PILE, "$1…");
  const isPlain = isCode || text.length > LONGEST_STYLED;
  element.classList.toggle("code", isCode);
  element.classList.toggle("item", !isPlain && ITEM.test(text));
  if (isPlain) drawLines(element, text);
  else element.replaceChildren(...styled(text));
};

// What is drawn as Markdown and the word that the tail begins later come apart. Until both
// are there the tail is hidden: the same words twice would make the page jump.
function watched(element, from) {
  const state = (element.watched ??= { from, size: 0, toldAt: 0, hiddenUntil: 0 });
  if (from !== state.from)
    Object.assign(state, { from, toldAt: performance.now(), hiddenUntil: 0 });
  if (state.observer) return state;
  const place = element.closest('[class*="st-key-answer_"], [class*="st-key-thought_"]');
  if (!place) return state;
  const size = () => place.textContent.length - element.textContent.length;
  state.size = size();
  state.observer = new MutationObserver((changes) => {
    if (changes.every(({ target }) => element.contains(target))) return;
    const now = size();
    const isTold = performance.now() - state.toldAt < LONGEST_APART_MS;
    if (now > state.size && !isTold) hide(element, state);
    state.size = now;
  });
  state.observer.observe(place, { childList: true, subtree: true, characterData: true });
  return state;
}

function hide(element, state) {
  state.hiddenUntil = performance.now() + LONGEST_APART_MS;
  element.classList.add("settling");
  setTimeout(() => {
    state.hiddenUntil = 0;
    if (tails.has(element)) feed.draw(element);
  }, LONGEST_APART_MS);
}

// Each line in a box of its own: a browser lays out anew all of a box that has grown.
function drawLines(element, text) {
  const { drawn } = element;
  const isContinued = drawn && element.lastChild === drawn.box && text.startsWith(drawn.text);
  if (!isContinued) element.replaceChildren();
  const added = isContinued ? text.slice(drawn.text.length) : text;
  const [first, ...lines] = added.split("\n");
  if (isContinued) drawn.box.append(first);
  else addLine(element, first);
  for (const line of lines) addLine(element, line);
  element.drawn = { text, box: element.lastChild };
}

function addLine(element, line) {
  const box = document.createElement("div");
  box.className = "playground-line";
  box.append(line);
  element.append(box);
}

function styled(text) {
  const heading = /^#{1,6} /.exec(text);
  if (heading) return [marked("strong", text.slice(heading[0].length))];
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(STYLED)) {
    parts.push(text.slice(end, found.index));
    parts.push(found[1] ? marked("strong", found[1]) : marked("code", found[2]));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)];
}

function marked(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function take({ clear, texts, changed }) {
  if (clear) feed.texts.clear();
  for (const [of, text] of texts) feed.texts.set(of, (feed.texts.get(of) ?? "") + text);
  for (const [element, tail] of tails) if (texts.some(([of]) => of === tail.of)) feed.draw(element);
  if (changed) feed.changed(changed);
}

function bringIntoView() {
  const band = document.querySelector(".st-key-answers_band");
  if (band && band.getBoundingClientRect().top > 0.7 * window.innerHeight)
    band.scrollIntoView({ behavior: "smooth", block: "start" });
}

function connect() {
  const socket = new WebSocket(new URL("feed", location.href).href.replace(/^http/, "ws"));
  feed.socket = socket;
  socket.onopen = () => {
    feed.waitMs = FIRST_WAIT_MS;
    socket.send(feed.token);
  };
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = () => {
    if (feed.socket !== socket) return;
    feed.socket = null;
    setTimeout(() => feed.socket ?? connect(), feed.waitMs);
    feed.waitMs = Math.min(2 * feed.waitMs, LONGEST_WAIT_MS);
  };
}

export default ({ data, setTriggerValue }) => {
  feed.changed = (number) => setTriggerValue("changed", number);
  for (const element of tails.keys()) feed.draw(element);
  if (feed.press && feed.press !== data.press) bringIntoView();
  feed.press = data.press;
  if (feed.token === data.token) return;
  feed.token = data.token;
  const old = feed.socket;
  feed.socket = null;
  old?.close();
  connect();
};
