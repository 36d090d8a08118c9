// The page's end of the feed: keeps what the answers have said so far, and draws of each
// what the server has not drawn as Markdown yet. Text only ever becomes text nodes.

const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000, LONGEST_STYLED = 3000;
const LONGEST_APART_MS = 300, LATER_MS = 3000;
const STYLED = /\*\*(.+?)(?:\*\*|$)|`([^`]+)(?:`|$)/g;
const PILE = /(\p{M}{12})\p{M}+/gu; // A browser takes seconds for thousands of marks on a letter.
const ITEM = /^( *)(?:[-*+]|(\d+[.)])) +/;
const BEFORE_ITEM = /\n(?= *(?:[-*+]|\d+[.)]) )/;
const BULLETS = ["disc", "circle", "square"];

const feed = (window.playgroundFeed ??= { texts: new Map(), waitMs: FIRST_WAIT_MS });

// Stop goes by the feed as well: where many pages are open Streamlit may take a second for it.
feed.stop ??= () => {
  if (feed.socket?.readyState === WebSocket.OPEN) feed.socket.send("stop");
};
feed.clicked ??= ({ target }) => {
  if (target.closest?.(".st-key-stop_all button")) feed.stop();
};
// Only an Escape that Streamlit has taken for Stop's shortcut: any other has not come this far.
feed.keyed ??= ({ key, defaultPrevented }) => {
  const isStop = key === "Escape" && defaultPrevented;
  if (isStop && document.querySelector(".st-key-stop_all button:enabled")) feed.stop();
};
window.addEventListener("click", feed.clicked, { capture: true });
window.addEventListener("keydown", feed.keyed);

// Where a text goes on that the server has drawn the beginning of. A class says which, from
// where and in what: it changes when that beginning grows, or a moment before.
const REST = /st-key-rest_(\S+)_(\d+)_(code|prose)/;

const rests = (feed.rests ??= new Set());

function drawAll() {
  drawAhead();
  removeStopped((box) => box.nextSibling?.textContent.startsWith("stopped"));
  for (const rest of rests) {
    if (rest.isConnected && REST.test(rest.className)) draw(rest);
    else rests.delete(rest);
  }
}

function draw(rest) {
  const element = tailOf(rest);
  const [place, of, from, kind] = placeOf(rest, element);
  const whole = feed.texts.get(of) ?? "";
  if (kind === "code" && element.coloured !== place) colourAsCode(rest, element, place);
  if (element.place === place && element.length === whole.length) return;
  Object.assign(element, { place, length: whole.length });
  const text = whole.slice(from).replace(PILE, "$1…");
  element.isLong = text.length > LONGEST_STYLED;
  const isPlain = kind === "code" || element.isLong;
  const isNextItem = !isPlain && ITEM.test(text) && isInList(lastLine(whole.slice(0, from)));
  element.classList.toggle("code", kind === "code");
  element.classList.toggle("next-item", isNextItem);
  element.classList.toggle("first", from === "0");
  if (isPlain) drawLines(element, text);
  else element.replaceChildren(...text.split(BEFORE_ITEM).flatMap(styled));
}

// The lines on their way stand in the block of those before them.
function colourAsCode(rest, element, place) {
  const code = [...answerOf(rest).querySelectorAll("pre")].at(-1);
  if (!code) return;
  element.coloured = place;
  element.style.setProperty("--code", getComputedStyle(code).backgroundColor);
}

function isInList(line) {
  return ITEM.test(line) || /^ +\S/.test(line);
}

function lastLine(text) {
  return text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
}

function tailOf(rest) {
  const { lastChild } = rest;
  if (lastChild?.className?.startsWith("playground-tail")) return lastChild;
  return rest.appendChild(boxOf("playground-tail"));
}

// The answers of a press whose cards the server has not drawn yet: where many pages are open it
// may be a second until it does. The class of the hub's place says which it has.
const DRAWN = /st-key-press_(\d+)/;
const NOTED = "[class*=st-key-rest_], [class*=st-key-press_]";

function drawAhead() {
  const { ahead, place } = feed;
  const drawn = Number(DRAWN.exec(place?.className)?.[1]);
  if (drawn > feed.drawn) bringIntoView();
  feed.drawn = drawn;
  if (drawn >= ahead?.press) {
    feed.ahead = null;
    removeAhead();
  } else if (drawn < ahead?.press && !place.querySelector(".playground-ahead")) {
    place.prepend(boxOf("playground-ahead", ...ahead.cards.map(cardOf)));
    const head = document.querySelector(".st-key-answers_head")?.parentElement;
    head?.classList.add("playground-kept");
    head?.parentElement.classList.add("playground-over");
    bringIntoView();
  }
}

function removeAhead() {
  document.querySelector(".playground-ahead")?.remove();
  document.querySelector(".playground-over")?.classList.remove("playground-over");
}

// Until the page has been drawn anew, and says so itself.
const said = (feed.said ??= new Set());

function sayStopped(letters) {
  for (const letter of letters) {
    const box = boxOf("playground-stopped", marked("strong", "stopped"));
    document.querySelector(`.st-key-status_${letter}`)?.prepend(box);
    said.add(box);
  }
  drawAll();
}

function removeStopped(isDone) {
  for (const box of [...said].filter(isDone)) {
    box.remove();
    said.delete(box);
  }
}

function cardOf([of, letter, head]) {
  const variant = document.querySelector(`.st-key-variant_${letter} .stMarkdown`);
  const badge = variant?.cloneNode(true) ?? marked("strong", letter);
  const rest = boxOf(`st-key-rest_${of}_0_prose`);
  const line = boxOf("playground-head", badge, marked("span", head));
  return boxOf("", line, marked("strong", "starting"), rest);
}

function boxOf(className, ...parts) {
  const box = document.createElement("div");
  box.className = className;
  box.append(...parts);
  return box;
}

// Until the beginning has grown the tail stays as long as it is: the page would jump. A very
// long one is too dear to measure.
function placeOf(rest, element) {
  const found = REST.exec(rest.className);
  if (element.told === found[0]) return found;
  const size = element.isLong ? 0 : sizeBefore(rest, element);
  element.toldAt ??= performance.now();
  const isApart = !element.isLong && performance.now() - element.toldAt < LONGEST_APART_MS;
  if (element.told && size <= element.size && isApart) {
    setTimeout(drawAll, LONGEST_APART_MS);
    return REST.exec(element.told);
  }
  Object.assign(element, { told: found[0], size, toldAt: undefined });
  return found;
}

function sizeBefore(rest, element) {
  return answerOf(rest).textContent.length - element.textContent.length;
}

function answerOf(rest) {
  return rest.closest("[class*=st-key-answer_], [class*=st-key-thought_]") ?? rest;
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
  element.append(boxOf("playground-line", line));
}

function styled(text) {
  const heading = /^#{1,6} /.exec(text);
  if (heading) return [marked("strong", text.slice(heading[0].length))];
  const item = ITEM.exec(text);
  return item ? [itemOf(item, text.slice(item[0].length))] : inLine(text);
}

// Where Markdown will put it, so that it does not move when it becomes Markdown.
function itemOf([, indent, number], text) {
  const level = Math.min(Math.ceil(indent.length / 4), 9);
  const item = boxOf("playground-item", ...inLine(text));
  item.style.marginLeft = `${1.45 * level + 1.15}em`;
  item.style.listStyleType = number ? `"${number} "` : BULLETS[Math.min(level, 2)];
  return item;
}

function inLine(text) {
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

function take({ clear, ahead, texts, stopped, changed }) {
  if (clear) {
    feed.texts.clear();
    removeStopped(() => true);
    removeAhead();
    feed.ahead = ahead;
    drawAhead();
  }
  for (const [of, text] of texts) feed.texts.set(of, (feed.texts.get(of) ?? "") + text);
  if (texts.length) drawAll();
  if (stopped) sayStopped(stopped);
  if (changed) feed.changed(changed);
}

// Streamlit redraws parts of the page whenever it likes. Only what is new is searched: an
// answer can have a hundred thousand elements.
function watch() {
  const note = (node) => {
    if (REST.test(node.className)) rests.add(node);
    else if (DRAWN.test(node.className)) feed.place = node;
  };
  const search = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const each of [node, ...node.querySelectorAll(NOTED)]) note(each);
  };
  const observer = new MutationObserver((changes) => {
    const foreign = changes.filter(({ target }) => !target.closest?.(".playground-tail"));
    for (const { type, target, addedNodes } of foreign) {
      if (type === "childList") addedNodes.forEach(search);
      else note(target);
    }
    if (foreign.length) drawAll();
  });
  observer.observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  search(document.body);
  drawAll();
  return observer;
}

function bringIntoView() {
  const band = document.querySelector(".st-key-answers_band");
  if (band && band.getBoundingClientRect().top > 0.7 * window.innerHeight)
    band.scrollIntoView({ behavior: "smooth", block: "start" });
}

// What cannot be loaded now is loaded when it is needed.
async function load(urls) {
  await new Promise((resume) => setTimeout(resume, LATER_MS));
  for (const url of urls) {
    await new Promise(window.requestIdleCallback ?? setTimeout);
    await import(new URL(url, location.href).href).catch(console.warn);
  }
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
  feed.watch ??= watch();
  typed.mostBytes = data.most_bytes;
  feed.later ??= load(data.later);
  if (feed.token === data.token) return;
  feed.token = data.token;
  const old = feed.socket;
  feed.socket = null;
  old?.close();
  connect();
};
