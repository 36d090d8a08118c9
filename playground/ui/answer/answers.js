// The answers of the page: keeps them in one element of its own, which outlives every redraw.
// The server sends patches (patches.py); words become text nodes, HTML passes the guard first.

const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000, POLL_MS = 300, POLL_RETRY_MS = 2000;
const PRELOAD_AFTER_MS = 3000, UNSEEN_FRAME_MS = 100;
const TONES = { queued: "gray", connecting: "blue", waiting: "orange", streaming: "blue",
  done: "green", stopped: "gray", failed: "red", interrupted: "red" };

const answers = (window.playgroundAnswers ??= {
  cards: new Map(), messages: [], frames: 0, waitMs: FIRST_WAIT_MS, seen: 0, copies: 0, isLive: false });

// Stop is sent over the feed as well: with many pages open Streamlit may take a second for it.
answers.stop ??= () => {
  if (answers.socket?.readyState === WebSocket.OPEN) answers.socket.send("stop");
};
answers.clicked ??= ({ target }) => {
  if (target.closest?.(".st-key-stop_all button")) answers.stop();
};
// Streamlit prevents the default of an Escape that it handled as Stop's shortcut; ignore any other.
answers.keyed ??= ({ key, defaultPrevented }) => {
  const isStop = key === "Escape" && defaultPrevented;
  if (isStop && document.querySelector(".st-key-stop_all button:enabled")) answers.stop();
};
window.addEventListener("click", answers.clicked, { capture: true });
window.addEventListener("keydown", answers.keyed);

function withKey(key, tag, className, ...parts) {
  return make(tag, `${className} st-key-${key}`, ...parts);
}

class Card {
  constructor({ name, colour, asked }) {
    const badge = make("span", "pg-badge", name);
    badge.dataset.tone = colour;
    Object.assign(this, { name, fields: {}, buttons: new Map() });
    this.headTools = make("span", "pg-head-tools");
    this.head = withKey(`card_head_${name}`, "header", "pg-head", badge,
      make("span", "pg-asked", asked), this.headTools);
    this.word = make("strong", "");
    this.detail = make("span", "");
    this.countdown = make("span", "countdown");
    this.countdown.setAttribute("role", "timer");
    this.status = withKey(`status_${name}`, "p", "pg-status",
      this.word, this.detail, this.countdown);
    this.timeline = withKey(`timeline_${name}`, "div", "timeline");
    this.changes = new Changes(name);
    this.answer = withKey(`answer_${name}`, "div", "pg-answer");
    this.blocks = new Blocks(this.answer, answers.list);
    this.note = withKey(`note_${name}`, "p", "pg-note");
    this.numbers = withKey(`metrics_${name}`, "p", "pg-numbers");
    this.outcome = withKey(`outcome_${name}`, "div", "pg-outcome");
    this.blocked = make("p", "pg-blocked");
    this.tools = withKey(`card_tools_${name}`, "div", "pg-tools");
    this.box = withKey(`card_${name}`, "section", "pg-card", this.head, this.status, this.timeline,
      this.changes.box, this.answer, this.note, this.numbers, this.outcome, this.blocked, this.tools);
    this.box.setAttribute("aria-label", `Answer ${name}`);
    this.box.tabIndex = -1;
  }

  // Whether the run has just ended.
  update(changed) {
    const { word, detail, fields } = this, wasLive = fields.live;
    Object.assign(fields, changed);
    word.textContent = fields.status;
    word.dataset.tone = TONES[fields.status] ?? "gray";
    detail.textContent = fields.detail ? ` ${fields.detail}` : "";
    this.note.textContent = fields.note ?? "";
    this.numbers.textContent = fields.numbers;
    this.numbers.title = fields.why ?? "";
    this.blocked.textContent = fields.blocked ?? "";
    this.box.classList.toggle("pg-wide", fields.wide);
    this.answer.setAttribute("aria-busy", String(fields.live));
    if ("timeline" in changed) drawTimeline(this.timeline, fields.timeline, this.countdown);
    if ("changes" in changed) this.changes.update(fields.changes);
    if ("outcome" in changed) drawOutcome(this.outcome, fields.outcome);
    if ("tools" in changed) {
      this.drawTools(this.headTools, fields.tools.head);
      this.drawTools(this.tools, fields.tools.foot);
    }
    return wasLive && !fields.live;
  }

  // Buttons are reused, not replaced: one of them may have the focus.
  drawTools(place, tools) {
    const boxes = tools.map(([what, icon, words, title, isOff]) => {
      if (!this.buttons.has(what)) this.buttons.set(what, this.toolOf(what));
      const box = this.buttons.get(what), button = box.firstChild;
      button.firstChild.textContent = icon;
      button.lastChild.textContent = words;
      button.title = title;
      button.setAttribute("aria-label", title);
      button.disabled = isOff;
      return box;
    });
    for (const box of [...place.children]) if (!boxes.includes(box)) box.remove();
    boxes.forEach((box, at) => {
      if (place.children[at] !== box) place.insertBefore(box, place.children[at] ?? null);
    });
  }

  toolOf(what) {
    const icon = make("span", "pg-icon");
    icon.setAttribute("aria-hidden", "true");
    const button = make("button", "pg-tool", icon, make("span", ""));
    button.type = "button";
    button.onclick = () => (what === "copy" ? copyAnswer(this) : act(what, this.name));
    return withKey(`${what}_${this.name}`, "span", "", button);
  }
}

// What an answer is compared with, and how much differs.
class Changes {
  constructor(name) {
    this.choice = make("select", "pg-against");
    this.choice.onchange = () => act("against", name, this.choice.value);
    this.words = make("span", "");
    this.label = make("label", "", "Against ", this.choice);
    this.box = withKey(`changes_${name}`, "p", "pg-changes");
  }

  update(found) {
    if (!found) return this.box.replaceChildren();
    const options = found.options.map(([value, words]) => new Option(words, value));
    if (this.options !== JSON.stringify(found.options)) this.choice.replaceChildren(...options);
    this.options = JSON.stringify(found.options);
    this.choice.value = found.with;
    this.words.textContent = found.words;
    if (!this.box.firstChild) this.box.append(this.label, this.words);
  }
}

function drawOutcome(root, found) {
  root.replaceChildren();
  if (!found) return;
  const head = make("p", "pg-said", make("strong", "", found.title), ` · ${found.happened}`);
  head.dataset.tone = { error: "red", warning: "orange" }[found.tone] ?? "gray";
  const line = (name, words) => make("p", "pg-line", make("strong", "", name), ` ${words}`);
  root.append(head, line("Next", found.next));
  if (found.message) root.append(make("pre", "pg-message", found.message));
  for (const [name, words] of found.lines) if (words) root.append(line(name, words));
}

function announce(words) {
  // Screen readers announce changes only: the same text again needs one.
  answers.spoken.textContent = answers.spoken.textContent === words ? `${words}\u00a0` : words;
}

function announceEnds() {
  const states = [...answers.cards.values()].map(({ name, fields: { status, reason } }) =>
    `${name} ${status}${reason ? `: ${reason}` : ""}`);
  announce(states.join(", "));
}

// In the bar: the status of each run, while any is live.
function showProgress() {
  const states = [...answers.cards.values()].map(({ name, fields: { status } }) => `${name} ${status}`);
  const isLive = [...answers.cards.values()].some(({ fields }) => fields.live);
  (window.playgroundProgress ??= make("span", "")).textContent = isLive ? states.join(" · ") : "";
}

function act(what, name, ...rest) {
  answers.trigger("act", [what, name, ...rest]);
}

function copyAnswer(card) {
  // Browsers allow writing to the clipboard only during the click: it is given a promise of the text.
  const number = ++answers.copies;
  const coming = new Promise((resolve) => {
    answers.copied = ([[requested], text]) => { if (requested === number) resolve(text); };
  });
  const button = card.buttons.get("copy").firstChild, [icon, words] = button.children;
  const show = (name, label, why = "") => {
    [icon.textContent, words.textContent, button.dataset.why] = [name, label, why];
    announce(`${why || label}.`);
    setTimeout(() => {
      delete button.dataset.why;
      card.drawTools(card.tools, card.fields.tools.foot);
    }, COPIED_MS);
  };
  copy(coming).then(() => show("check", "Copied"),
    () => show("block", "Copy", "Not copied: the browser forbids it"));
  act("copy", card.name, number);
}

function applyMessage({ order, cards, fields, texts, ended, changed }) {
  const added = Object.entries(cards ?? {}).filter(([id]) => !answers.cards.has(id));
  for (const [id, head] of added) answers.cards.set(id, new Card(head));
  if (order) arrange(order);
  for (const [id, ...patch] of texts ?? []) answers.cards.get(id)?.blocks.take(patch);
  const ends = Object.entries(fields ?? {}).filter(([id, changed]) => answers.cards.get(id)?.update(changed));
  // A run can be over before its card arrives; but after a reload old cards arrive, which are not news.
  const cameOver = answers.isUsed && added.some(([id]) => ended?.includes(id));
  if (ends.length || cameOver) announceEnds();
  if (fields || order) showProgress();
  const narrow = [...answers.cards.values()].filter((card) => !card.fields.wide);
  answers.grid.dataset.count = narrow.length;
  // The left pane makes room (page.css).
  document.documentElement.classList.toggle("pg-folded", narrow.length < answers.cards.size);
  if (added.length) bringIntoView();
  if (changed) answers.trigger("changed", changed);
}

// At once, but only once a frame: a slow browser that paints each message falls behind.
function receive(message) {
  answers.messages.push(message);
  if (!answers.isInFrame) paint();
}

function paint() {
  answers.isInFrame = answers.messages.length > 0;
  if (!answers.isInFrame) return;
  const frame = ++answers.frames, next = () => { if (frame === answers.frames) paint(); };
  requestAnimationFrame(next);
  setTimeout(next, UNSEEN_FRAME_MS); // A page in the background has no frames.
  // One by one: if one fails, those after it are painted in the next frame.
  while (answers.messages.length) applyMessage(answers.messages.shift());
  for (const { blocks } of answers.cards.values()) blocks.paint();
}

// Moving or replacing a card loses its focus: restore it, or focus the card that replaces it.
function arrange(order) {
  const { cards, grid } = answers, focused = document.activeElement;
  let lost = null;
  for (const [id, card] of cards) {
    if (order.includes(id)) continue;
    if (card.box.contains(focused)) lost = card.name;
    drawTimeline(card.timeline, null);
    card.box.remove();
    cards.delete(id);
  }
  const shown = order.map((id) => cards.get(id)).filter(Boolean);
  shown.forEach(({ box }, at) => {
    if (grid.children[at] !== box) grid.insertBefore(box, grid.children[at] ?? null);
  });
  const next = lost ? (shown.find(({ name }) => name === lost) ?? shown[0])?.box : focused;
  if (grid.contains(next) && document.activeElement !== next) next.focus({ preventScroll: true });
}

function bringIntoView() {
  const band = document.querySelector(".st-key-answers_band");
  // Not smoothly: a smooth scroll is aborted when the focus moves, as it does after a press.
  if (band && band.getBoundingClientRect().top > 0.7 * window.innerHeight)
    band.scrollIntoView({ block: "start" });
}

// Preloads; what fails here is loaded when it is needed.
async function load(urls) {
  await new Promise((resume) => setTimeout(resume, PRELOAD_AFTER_MS));
  for (const url of urls) {
    await new Promise(window.requestIdleCallback ?? setTimeout);
    await import(new URL(url, location.href).href).catch(console.warn);
  }
}

function connect() {
  const socket = new WebSocket(new URL("feed", location.href).href.replace(/^http/, "ws"));
  answers.socket = socket;
  socket.onopen = () => {
    answers.waitMs = FIRST_WAIT_MS;
    answers.isConnected = true;
    socket.send(answers.token);
  };
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = () => {
    if (answers.socket !== socket) return;
    answers.socket = null;
    answers.isConnected = false;
    answers.isLive = [...answers.cards.values()].some(({ fields }) => fields.live);
    setTimeout(() => answers.socket ?? connect(), answers.waitMs);
    answers.waitMs = Math.min(2 * answers.waitMs, LONGEST_WAIT_MS);
    poll();
  };
}

// Without a socket: polls for messages, which arrive in the component's data.
function poll(waitMs = POLL_MS) {
  clearTimeout(answers.pollTimer);
  if (answers.isConnected || !answers.isLive) return;
  answers.pollTimer = setTimeout(() => {
    answers.trigger("poll", answers.seen);
    poll(POLL_RETRY_MS);
  }, waitMs);
}

// `number` counts these messages; after a lost one the server sends everything again (`after` is 0).
function applyReply({ number, after, live, message }) {
  answers.isLive = live;
  if (!answers.isConnected && number !== answers.seen && (after === answers.seen || after === 0)) {
    answers.seen = number;
    receive(message);
  }
  poll();
}

// The data of the component beside this one (component.py), whichever is mounted first.
answers.receive ??= () => {
  const { reply, copied } = window.playgroundMessages ?? {};
  if (copied) answers.copied?.(JSON.parse(copied));
  if (reply && answers.root) applyReply(JSON.parse(reply));
};

function build() {
  answers.grid = make("div", "pg-answers");
  answers.spoken = make("div", "pg-spoken");
  answers.spoken.setAttribute("role", "status");
  answers.root = make("div", "", answers.grid, answers.spoken);
  answers.root.addEventListener("click", copyCode);
  for (const gesture of ["pointerdown", "keydown"])
    window.addEventListener(gesture, () => { answers.isUsed = true; }, { capture: true, once: true });
}

export default ({ data, parentElement, setTriggerValue }) => {
  answers.trigger = setTriggerValue;
  answers.list ??= readList(JSON.parse(data.allowed).tags);
  if (!answers.root) build();
  const host = parentElement.querySelector(".pg-host");
  if (answers.root.parentElement !== host) host.replaceChildren(answers.root);
  typed.mostBytes = data.max_bytes;
  answers.later ??= load(data.later);
  answers.receive();
  if (answers.token === data.token) return;
  answers.token = data.token;
  const old = answers.socket;
  answers.socket = null;
  old?.close();
  connect();
};
