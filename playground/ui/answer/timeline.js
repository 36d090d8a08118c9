// Attempts and waits as spans of one line, to scale, and in words. Text only becomes text nodes.

// `countdown` is where the seconds until the next attempt are said.
function drawTimeline(root, data, countdown) {
  clearInterval(root.clock);
  if (countdown) countdown.textContent = "";
  if (!data) {
    root.replaceChildren();
    root.length_s = 0;
    return fit(root);
  }
  const bar = make("div", "bar");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", data.spans.map(({ label }) => label).join("; "));
  const parts = data.spans.map(({ kind, outcome, label }) => {
    const part = make("div", `${kind} ${outcome.replace(" ", "-")}`);
    part.title = label;
    return part;
  });
  bar.append(...parts);
  const list = make("ol", "", ...data.lines.map(lineOf));
  root.replaceChildren(bar, list);
  keepTime(root, data, countdown, bar, parts);
}

function lineOf({ outcome, number, facts, request_id, why, message }) {
  const id = make("span", "id", ` · ${request_id}`);
  id.title = request_id;
  const row = make("li", outcome, make("span", "facts", make("span", "", `${number} · ${facts}`), id));
  if (why) row.append(make("span", "why", why));
  if (message) row.append(make("span", "message", message));
  return row;
}

// Lines of cards that stand beside each other have one scale: a second is as long in each.
function fit(root) {
  const lines = [...(root.closest(".pg-answers")?.querySelectorAll(".timeline:not(:empty)") ?? [root])];
  const longest_s = Math.max(...lines.map((line) => line.length_s));
  for (const { firstChild, length_s } of lines)
    if (firstChild) firstChild.style.width = `${longest_s ? (100 * length_s) / longest_s : 100}%`;
}

function keepTime(root, data, countdown, bar, parts) {
  const began = performance.now(), waits = countdown && data.left_s !== null;
  const shade = waits ? make("div", "done") : null;
  if (shade) parts.at(-1)?.append(shade);
  const tick = () => {
    const passed_s = (performance.now() - began) / 1000;
    // Only an attempt under way grows; everything before it shrinks as time goes by.
    const scale = data.is_growing ? data.total_s / (data.total_s + passed_s) : 1;
    data.spans.forEach(({ start, width }, at) => {
      parts[at].style.left = `${100 * start * scale}%`;
      parts[at].style.width = `${100 * width * scale}%`;
    });
    const last = parts.at(-1);
    if (data.is_growing) last.style.width = `${100 - parseFloat(last.style.left)}%`;
    root.length_s = data.total_s / scale;
    fit(root);
    if (!waits) return;
    const left_s = Math.max(0, data.left_s - passed_s);
    shade.style.width = `${100 * (1 - left_s / Math.max(data.wait_s, left_s, 0.001))}%`;
    countdown.textContent = ` ${data.next}, next try in ${Math.ceil(left_s)} s: ${data.reason}`;
    if (!left_s) clearInterval(root.clock);
  };
  if (waits || data.is_growing) root.clock = setInterval(tick, 100);
  tick();
}
