// Keeps typed text within what the server can decode and accept.

const typed = (window.playgroundTyped ??= {});

// A lone surrogate makes a message that the server cannot decode, and then no click would do
// anything. It is replaced, visibly, before Streamlit's own listeners read the field.
typed.replaceLoneSurrogates ??= ({ target, isComposing }) => {
  if (isComposing || target.value?.isWellFormed?.() !== false) return;
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
  set.call(target, target.value.toWellFormed());
};
window.addEventListener("input", typed.replaceLoneSurrogates, { capture: true });

// A browser takes half a minute to lay out a longer text. A UTF-16 unit is three bytes at most:
// at the server's own machine all that can be typed may be sent.
const MAX_TYPED = 7_000_000;
typed.limitLength ??= ({ target }) => {
  if (target.tagName !== "TEXTAREA") return;
  let size = 0;
  for (const area of document.querySelectorAll("textarea")) size += area.value.length;
  const before = typed.last?.target === target ? typed.last.text : target.defaultValue;
  const isTooLong = size > MAX_TYPED && target.value.length > before.length;
  if (isTooLong) {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
    set.call(target, before);
  }
  typed.last = { target, text: target.value };
  showNote(isTooLong && `That would make ${size.toLocaleString("en")} characters; a page sends ` +
    `${MAX_TYPED.toLocaleString("en")} at most. The text was not changed.`);
};
typed.remember ??= ({ target }) => { typed.last = { target, text: target.value ?? "" }; };
window.addEventListener("focusin", typed.remember, { capture: true });
window.addEventListener("input", typed.limitLength, { capture: true });

// The server ends a connection that sends more at once than it takes (PageSockets), and then no
// click would do anything. So nothing of such a message is sent, the text stays in its field,
// and a line says why. Whatever is typed or pasted anywhere goes through here.
const HEARTBEAT_BYTES = 10; // It holds no typed text.
const STREAM = /\/_stcore\/stream$/;
typed.send ??= WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!STREAM.test(new URL(this.url).pathname)) return typed.send.call(this, data);
  const most = typed.mostBytes, size = data.byteLength;
  if (!(size > most)) {
    if (size > HEARTBEAT_BYTES) showNote(null);
    return typed.send.call(this, data);
  }
  showNote(`With that, this page would send ${size.toLocaleString("en")} bytes at once; this app ` +
    `takes ${most.toLocaleString("en")}. Nothing was sent. Your text is still here: shorten it.`);
};

function showNote(words) {
  let note = document.querySelector(".playground-note");
  if (!words) return note?.remove();
  note ??= document.body.appendChild(document.createElement("div"));
  Object.assign(note, { className: "playground-note", role: "alert", textContent: words });
}
