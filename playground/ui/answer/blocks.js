// The content blocks of one answer: each in a box of its own, its text in pieces of HTML of which
// all but the last never change. The same wherever an answer is read.

const COPIED_MS = 1500, MANY = 300;

class Blocks {
  constructor(root, list) {
    Object.assign(this, { root, list, found: new Map(), unpainted: new Set() });
  }

  // A patch: which block, what it is where that is new, how many pieces it has, and of some of
  // them how much is kept and what follows. `paint` draws what patches have changed.
  draw(patch) {
    this.take(patch);
    this.paint();
  }

  take([at, about, count, patches]) {
    const block = this.found.get(at) ?? this.addBlock(at);
    if (about) nameBlock(block, about);
    const { pieces, place } = block;
    while (pieces.length > count) pieces.pop().box.remove();
    for (const [which, kept, html] of patches) {
      const piece = (pieces[which] ??= { html: "", box: make("div", "pg-piece") });
      piece.html = piece.html.slice(0, kept) + html;
      this.unpainted.add(piece);
      if (!piece.box.parentElement) place.append(piece.box);
    }
    place.classList.toggle("pg-long", count > MANY);
  }

  paint() {
    for (const { box, html } of this.unpainted) {
      morph(box, guarded(html, this.list));
      // As classes: `:has()` is looked at anew in thousands of pieces whenever one comes.
      for (const kind of ["definition", "as-written"]) {
        box.classList.toggle(`pg-${kind}`, !!box.querySelector(`:scope > .${kind}`));
      }
    }
    this.unpainted.clear();
  }

  addBlock(at) {
    const place = make("div", "pg-text rendered"), notes = make("ul", "pg-notes");
    const title = make("summary", "pg-title");
    const box = make("div", "pg-block");
    const block = { at, box, place, notes, title, pieces: [] };
    const after = [...this.found.values()].filter((each) => each.at > at).sort((one, other) => one.at - other.at)[0];
    this.root.insertBefore(box, after?.box ?? null);
    this.found.set(at, block);
    return block;
  }
}

function nameBlock({ box, place, notes, title }, [kind, words, found]) {
  title.textContent = words;
  notes.replaceChildren(...found.map((note) => make("li", "", note)));
  notes.hidden = !found.length;
  if (box.dataset.kind === kind) return;
  box.dataset.kind = kind;
  if (kind === "text") return box.replaceChildren(place, notes);
  if (kind === "named") return box.replaceChildren(make("p", "pg-title", words));
  const fold = make("details", "pg-fold", title, place);
  fold.open = kind === "open";
  box.replaceChildren(fold, notes);
}

// A browser wants to be told within the click itself; the text may come later.
async function copy(coming) {
  if (window.ClipboardItem && navigator.clipboard?.write) {
    const blob = coming.then((text) => new Blob([text], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } else {
    // A page that came by plain http is given no clipboard.
    const area = make("textarea", "pg-spoken");
    area.value = await coming;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    if (!isCopied) throw new Error("the browser did not copy");
  }
}

function copyCode({ target }) {
  const button = target.closest?.("button.copy");
  if (!button) return;
  const say = (name) => {
    button.dataset[name] = "";
    setTimeout(() => delete button.dataset[name], COPIED_MS);
  };
  const code = button.closest("figure").querySelector("code").textContent;
  copy(Promise.resolve(code)).then(() => say("copied"), () => say("refused"));
}
