// The cases of an experiment as a table of the browser's own fields, which script runs do not
// redraw: what is being typed stays. Changes are sent to the server, which counts them; those that
// a new table from the server does not include yet are applied to it again.

function make(tag, className, ...parts) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...parts);
  return made;
}

class Cases {
  constructor() {
    this.ops = [];
    this.start = 0;
    this.head = make("tr", "");
    this.body = make("tbody", "");
    this.more = make("button", "pg-more");
    this.more.type = "button";
    this.more.onclick = () => this.show(this.body.rows.length);
    this.table = make("table", "", make("thead", "", this.head), this.body);
    this.box = make("div", "pg-cases", this.table, this.more);
    this.body.oninput = () => this.addBlank();
    this.body.onchange = ({ target }) => this.commit(target);
    this.body.onkeydown = (event) => this.pressed(event);
    this.body.onpaste = (event) => this.pasted(event);
  }

  build({ version, seen, columns, rows, about, total }) {
    const focused = this.placeOf(document.activeElement);
    const late = seen === null ? [] : this.ops.slice(Math.max(0, seen - this.start));
    this.start = seen ?? this.start + this.ops.length;
    Object.assign(this, { version, columns, ops: [], left: total - rows.length });
    const heads = columns.map((name) => Object.assign(make("th", "", name), { scope: "col", title: about[name] ?? "" }));
    this.head.replaceChildren(make("td", ""), ...heads, make("td", ""));
    this.body.replaceChildren();
    for (const row of rows) this.addRow(row);
    this.more.hidden = !this.left;
    this.more.textContent = `Show more of ${total.toLocaleString("en")} cases`;
    this.addBlank();
    for (const op of late) this.apply(op);
    if (late.length) this.sendChanges();
    if (focused) this.restoreFocus(focused);
  }

  addRow(texts) {
    const number = this.body.rows.length + 1;
    const cells = this.columns.map((name, at) => {
      const area = make("textarea", "");
      Object.assign(area, { rows: 1, value: texts[at] ?? "" });
      area.sent = area.value;
      area.setAttribute("aria-label", `${name}, case ${number}`);
      return make("td", "", area);
    });
    const remove = make("button", "", "×");
    remove.type = "button";
    remove.title = `Remove case ${number}`;
    remove.setAttribute("aria-label", remove.title);
    remove.onclick = () => this.remove(row);
    const row = make("tr", "", make("th", "", String(number)), ...cells, make("td", "", remove));
    this.body.append(row);
  }

  // The last row is always empty: the next case is typed there.
  addBlank() {
    if (this.left) return;
    const last = this.body.rows[this.body.rows.length - 1];
    if (!last || this.areasOf(last).some(({ value }) => value)) this.addRow([]);
  }

  areasOf(row) {
    return [...row.querySelectorAll("textarea")];
  }

  area(row, name) {
    const found = this.body.rows[row];
    return found && this.areasOf(found)[this.columns.indexOf(name)];
  }

  placeOf(area) {
    const row = area?.closest?.("tr");
    if (!this.body.contains(area) || area.tagName !== "TEXTAREA") return null;
    const at = this.areasOf(row).indexOf(area), { value, sent, selectionStart, selectionEnd } = area;
    return { row: [...this.body.rows].indexOf(row), name: this.columns[at], value, sent, selectionStart, selectionEnd };
  }

  // What was being typed when a new table arrived goes on there.
  restoreFocus({ row, name, value, sent, selectionStart, selectionEnd }) {
    const area = this.area(row, name);
    if (!area) return;
    if (value !== sent) area.value = value;
    this.addBlank();
    area.focus({ preventScroll: true });
    area.setSelectionRange(selectionStart, selectionEnd);
    // Browsers fire `change` only for what was typed into this very field.
    area.onblur = () => this.commit(area);
  }

  apply([row, name, text]) {
    if (name === undefined) this.body.rows[row]?.remove();
    while (name !== undefined && this.body.rows.length <= row) this.addRow([]);
    const area = name === undefined ? null : this.area(row, name);
    if (area) area.value = area.sent = text;
    this.addBlank();
    this.ops.push(name === undefined ? [row] : [row, name, text]);
  }

  commit(area) {
    if (area.value === area.sent) return;
    const { row, name, value } = this.placeOf(area);
    this.apply([row, name, value]);
    this.sendChanges();
  }

  remove(row) {
    const at = [...this.body.rows].indexOf(row);
    this.apply([at]);
    [...this.body.rows].slice(at).forEach((each, more) => this.rename(each, at + more + 1));
    this.sendChanges();
    (this.area(at, this.columns[0]) ?? this.area(at - 1, this.columns[0]))?.focus();
  }

  rename(row, number) {
    row.firstChild.textContent = number;
    this.areasOf(row).forEach((area, at) => area.setAttribute("aria-label", `${this.columns[at]}, case ${number}`));
    const button = row.lastChild.firstChild;
    button.title = `Remove case ${number}`;
    button.setAttribute("aria-label", button.title);
  }

  pressed(event) {
    const { key, target, isComposing, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (key !== "Enter" || isComposing || target.tagName !== "TEXTAREA") return;
    // With Ctrl it runs what stands here.
    if (ctrlKey || metaKey) return this.commit(target);
    if (shiftKey || altKey) return;
    event.preventDefault();
    const { row, name } = this.placeOf(target);
    this.commit(target);
    this.area(row + 1, name)?.focus();
  }

  // Cells of a spreadsheet go into as many cells.
  pasted(event) {
    const text = event.clipboardData.getData("text/plain");
    const place = this.placeOf(event.target);
    if (!place || !text.includes("\t")) return;
    event.preventDefault();
    const first = this.columns.indexOf(place.name);
    text.replace(/\r?\n$/, "").split(/\r?\n/).forEach((line, down) =>
      line.split("\t").slice(0, this.columns.length - first).forEach((cell, along) =>
        this.apply([place.row + down, this.columns[first + along], cell])));
    this.sendChanges();
  }

  sendChanges() {
    this.send("changes", { version: this.version, start: this.start, ops: [...this.ops] });
  }

  show(count) {
    this.send("shown", count);
  }
}

export default ({ data, parentElement, setStateValue }) => {
  const cases = (window.playgroundCases ??= new Cases());
  const table = JSON.parse(data.table), host = parentElement.querySelector(".pg-host");
  cases.send = setStateValue;
  if (cases.box.parentElement !== host) host.replaceChildren(cases.box);
  if (cases.version !== table.version) cases.build(table);
};
