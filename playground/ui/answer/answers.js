// The answers of the page: keeps them in one element of its own, which outlives every redraw.
// The server says what is new (patches.py); words become text, HTML passes the guard first.

const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000, ASK_MS = 300, UNHEARD_MS = 2000;
const LATER_MS = 3000;
const TONES = { queued: "gray", connecting: "blue", waiting: "orange", streaming: "blue",
  done: "green", stopped: "gray", failed: "red", interrupted: "red" };

const answers = (window.playgroundAnswers ??= {
  cards: new Map(), waitMs: FIRST_WAIT_MS, seen: 0, copies: 0, isLive: false });

// Stop goes by the feed as well: where many pages are open Streamlit may take a second for it.
answers.stop ??= () => {
  if (answers.socket?.readyState === WebSocket.OPEN) answers.socket.send("stop");
};
answers.clicked ??= ({ target }) => {
  if (target.closest?.(".st-key-stop_all button")) answers.stop();
};
// Only an Escape that Streamlit has taken for Stop's shortcut: any other has not come this far.
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
    Object.assign(this, { name, said: {}, buttons: new Map() });
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

  say(changed) {
    const { word, detail, said } = this, wasLive = said.live;
    Object.assign(said, changed);
    word.textContent = said.status;
    word.dataset.tone = TONES[said.status] ?? "gray";
    detail.textContent = said.detail ? ` ${said.detail}` : "";
    this.note.textContent = said.note ?? "";
    this.numbers.textContent = said.numbers;
    this.numbers.title = said.why ?? "";
    this.blocked.textContent = said.blocked ?? "";
    this.box.classList.toggle("pg-wide", said.wide);
    this.answer.setAttribute("aria-busy", String(said.live));
    if ("timeline" in changed) drawTimeline(this.timeline, said.timeline, this.countdown);
    if ("changes" in changed) this.changes.say(said.changes);
    if ("outcome" in changed) drawOutcome(this.outcome, said.outcome);
    if ("tools" in changed) {
      this.drawTools(this.headTools, said.tools.head);
      this.drawTools(this.tools, said.tools.foot);
    }
    return wasLive && !said.live;
  }

  // Each button stays the same one for as long as it is there: it may have the focus.
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

// With what an answer is compared, and how much differs.
class Changes {
  constructor(name) {
    this.choice = make("select", "pg-against");
    this.choice.onchange = () => act("against", name, this.choice.value);
    this.words = make("span", "");
    this.label = make("label", "", "Against ", this.choice);
    this.box = withKey(`changes_${name}`, "p", "pg-changes");
  }

  say(found) {
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
  // The same text once more is no change, and would not be said again.
  answers.spoken.textContent = answers.spoken.textContent === words ? `${words}\u00a0` : words;
}

function announceEnds() {
  const states = [...answers.cards.values()].map(({ name, said: { status, reason } }) =>
    `${name} ${status}${reason ? `: ${reason}` : ""}`);
  announce(states.join(", "));
}

// In the bar: how far each run is, as long as one goes on.
function showProgress() {
  const states = [...answers.cards.values()].map(({ name, said: { status } }) => `${name} ${status}`);
  const isLive = [...answers.cards.values()].some(({ said }) => said.live);
  (window.playgroundProgress ??= make("span", "")).textContent = isLive ? states.join(" · ") : "";
}

function act(what, name, ...rest) {
  answers.trigger("act", [what, name, ...rest]);
}

function copyAnswer(card) {
  // A browser lets a page copy only within the click: the text that is to come is promised there.
  const number = ++answers.copies;
  const coming = new Promise((resolve) => {
    answers.copied = ([[asked], text]) => { if (asked === number) resolve(text); };
  });
  const button = card.buttons.get("copy").firstChild, [icon, words] = button.children;
  const say = (name, label, why = "") => {
    [icon.textContent, words.textContent, button.dataset.why] = [name, label, why];
    announce(`${why || label}.`);
    setTimeout(() => {
      delete button.dataset.why;
      card.drawTools(card.tools, card.said.tools.foot);
    }, COPIED_MS);
  };
  copy(coming).then(() => say("check", "Copied"),
    () => say("block", "Copy", "Not copied: the browser forbids it"));
  act("copy", card.name, number);
}

function take({ order, cards, said, texts, ended, changed }) {
  const news = Object.entries(cards ?? {}).filter(([id]) => !answers.cards.has(id));
  for (const [id, head] of news) answers.cards.set(id, new Card(head));
  if (order) arrange(order);
  for (const [id, ...patch] of texts ?? []) answers.cards.get(id)?.blocks.draw(patch);
  const ends = Object.entries(said ?? {}).filter(([id, words]) => answers.cards.get(id)?.say(words));
  // Of a card that comes with its run over; but a page that was just loaded brings old ones back.
  const cameOver = answers.isUsed && news.some(([id]) => ended?.includes(id));
  if (ends.length || cameOver) announceEnds();
  if (said || order) showProgress();
  const narrow = [...answers.cards.values()].filter((card) => !card.said.wide);
  answers.grid.dataset.count = narrow.length;
  // The left pane makes room (page.css).
  document.documentElement.classList.toggle("pg-folded", narrow.length < answers.cards.size);
  if (news.length) bringIntoView();
  if (changed) answers.trigger("changed", changed);
}

// What is moved or replaced gives the focus away: it goes on where it was, or at the new card.
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
  // At once: a glide is given up where it is when the focus moves, as it does at a press.
  if (band && band.getBoundingClientRect().top > 0.7 * window.innerHeight)
    band.scrollIntoView({ block: "start" });
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
  answers.socket = socket;
  socket.onopen = () => {
    answers.waitMs = FIRST_WAIT_MS;
    answers.isFed = true;
    socket.send(answers.token);
  };
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = () => {
    if (answers.socket !== socket) return;
    answers.socket = null;
    answers.isFed = false;
    answers.isLive = [...answers.cards.values()].some(({ said }) => said.live);
    setTimeout(() => answers.socket ?? connect(), answers.waitMs);
    answers.waitMs = Math.min(2 * answers.waitMs, LONGEST_WAIT_MS);
    ask();
  };
}

// Where no socket gets through: what is new comes with the component's data, when it asks.
function ask(waitMs = ASK_MS) {
  clearTimeout(answers.asking);
  if (answers.isFed || !answers.isLive) return;
  answers.asking = setTimeout(() => {
    answers.trigger("ask", answers.seen);
    ask(UNHEARD_MS);
  }, waitMs);
}

// `number` counts what this page was told so; after one that was missed all is told anew.
function takeAsked({ number, after, live, news }) {
  answers.isLive = live;
  if (!answers.isFed && number !== answers.seen && (after === answers.seen || after === 0)) {
    answers.seen = number;
    take(news);
  }
  ask();
}

// What the component beside this one was given, whichever of the two is mounted first.
answers.hear ??= () => {
  const { asked, copied } = window.playgroundNews ?? {};
  if (copied) answers.copied?.(JSON.parse(copied));
  if (asked && answers.root) takeAsked(JSON.parse(asked));
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
  typed.mostBytes = data.most_bytes;
  answers.later ??= load(data.later);
  answers.hear();
  if (answers.token === data.token) return;
  answers.token = data.token;
  const old = answers.socket;
  answers.socket = null;
  old?.close();
  connect();
};
