// Saves the contents of the editor in this browser, so that they survive a reload and a crash of the
// server or the browser. Never a key: only the editor's own text fields are read, and what looks
// like a key is masked.

// Not localStorage, which reaches the disk seconds later; IndexedDB has when a write completes.
const NAME = "playground", STORE = "drafts", MAX_KEPT = 10, PAUSE_MS = 300;
const DRAWN_WITHIN_MS = 1200;
const NAMES = "system|stops|extra_json|temperature|max_tokens|top_p|top_k|thinking_budget";
const FIELD = new RegExp(
  `\\bst-key-(system_prompt|message_\\d+_text|(?:${NAMES})_[A-F])(?=\\s|$)`);
const KEY = new RegExp(
  "(sk-ant-|AKIA|gh[pos]_|github_pat_|xox[abprs]-|AIza)[A-Za-z0-9_-]{8,}" +
    "|\\b(sk-)(?=[A-Za-z_-]{0,200}\\d)[A-Za-z0-9_-]{16,}", "g");

const draft = (window.playgroundDraft ??= {});

function database() {
  return (draft.database ??= new Promise((done, fail) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "tab" });
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => fail(opening.error);
  }));
}

async function inStore(mode, work) {
  const transaction = (await database()).transaction(STORE, mode);
  const asked = work(transaction.objectStore(STORE));
  return new Promise((done, fail) => {
    transaction.oncomplete = () => done(asked?.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

// A duplicated tab inherits the name of the first one, which still holds the lock.
function tab() {
  return (draft.tab ??= (async () => {
    const kept = sessionStorage.getItem("playground-tab");
    const name = kept && (await isFree(kept)) ? kept : random();
    draft.isCopy = kept !== null && name !== kept;
    if (name !== kept) await isFree(name);
    sessionStorage.setItem("playground-tab", name);
    return name;
  })());
}

function isFree(name) {
  if (!navigator.locks) return true;
  return new Promise((done) => {
    navigator.locks.request(`playground-${name}`, { ifAvailable: true }, (lock) => {
      done(lock !== null);
      return lock && new Promise(() => {}); // held until the page goes
    });
  });
}

const random = () => Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-");
const masked = (text) => text.replace(KEY, (_, one, other) => `${one ?? other}[masked]`);

const nameOf = (field) => FIELD.exec(field.closest('[class*="st-key-"]')?.className)?.[1];

function typed() {
  const found = {};
  for (const field of document.querySelectorAll('[class*="st-key-"] :is(textarea, input)')) {
    const name = nameOf(field);
    if (name) found[name] = masked(field.value);
  }
  return found;
}

// Whether the fields show what the server holds.
function isDrawn() {
  const { system, messages = [], variants = [] } = JSON.parse(draft.page), fields = typed();
  const shows = (name, text) => (fields[name] ?? "") === masked(text ?? "");
  const counts = (name, number) => fields[name] === undefined
    || (fields[name] === "" ? number === undefined : Number(fields[name]) === number);
  const isOwn = ({ letter, system: own }) =>
    fields[`system_${letter}`] === undefined || shows(`system_${letter}`, own);
  return shows("system_prompt", system)
    && messages.every(({ text }, at) => shows(`message_${at}_text`, text))
    && variants.every((variant) => isOwn(variant) && ["temperature", "max_tokens", "top_p", "top_k"]
      .every((name) => counts(`${name}_${variant.letter}`, variant.params[name])));
}

async function save() {
  clearTimeout(draft.timer);
  draft.timer = null;
  if (draft.ready !== draft.session || !draft.page) return;
  // The data of a change arrives before a busy browser has drawn it in the fields: wait, or the old
  // texts would be saved with the new page. With a deadline: typing makes them differ, too.
  if (Date.now() < draft.drawDeadline && !isDrawn()) return saveSoon();
  const row = { at: Date.now(), page: draft.page, typed: typed() };
  row.tab = await tab();
  await inStore("readwrite", (store) => store.put(row));
}

function saveSoon() {
  draft.timer ??= setTimeout(() => save().catch(() => {}), PAUSE_MS);
}

async function find() {
  const name = await tab();
  const rows = (await inStore("readonly", (store) => store.getAll())) ?? [];
  rows.sort((one, other) => other.at - one.at);
  for (const old of rows.slice(MAX_KEPT))
    await inStore("readwrite", (store) => store.delete(old.tab));
  return rows.find((row) => row.tab === name) ?? rows[0];
}

// The token of the page that was in this tab before a reload, whose runs the next page takes over.
function previous(token) {
  try {
    const before = sessionStorage.getItem("playground-page");
    sessionStorage.setItem("playground-page", token);
    return before;
  } catch {
    return null; // Storage is blocked: the runs are in the log.
  }
}

// A new session of the server knows no draft: the browser sends it before it saves anything.
async function begin(session, token) {
  const before = previous(token);
  const found = await find().catch(() => null);
  if (draft.session !== session) return;
  // What was typed since this session began is in no draft yet; restoring one must not undo it.
  const kept = { page: found?.page, typed: found && { ...found.typed, ...draft.typedSince } };
  if (found || before)
    draft.send(JSON.stringify({ ...kept, before, isCopy: draft.isCopy }));
  else draft.ready = session;
}

export default ({ data, setTriggerValue }) => {
  draft.send = (text) => setTriggerValue("kept", text);
  if (draft.page !== data.page) draft.drawDeadline = Date.now() + DRAWN_WITHIN_MS;
  draft.page = data.page;
  if (draft.session !== data.session) {
    draft.session = data.session;
    draft.typedSince = {};
    if (!data.received) begin(data.session, data.token);
  }
  if (data.received) draft.ready = data.session;
  saveSoon();
  if (draft.listens) return;
  draft.listens = true;
  document.addEventListener("input", ({ target }) => {
    const name = nameOf(target);
    if (name) draft.typedSince[name] = masked(target.value);
    saveSoon();
  }, true);
  // Leaving a field sends its text, maybe to a restarted server, which has no session for it.
  for (const leaving of ["focusout", "pagehide", "visibilitychange"])
    document.addEventListener(leaving, () => save().catch(() => {}), true);
};
