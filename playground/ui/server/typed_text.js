// What is typed stays something that the server can read.

const typed = (window.playgroundTyped ??= {});

// Half of a character makes a message that the server cannot read, and then no click would do
// anything. It is replaced for all to see, before Streamlit's own listeners look.
typed.mend ??= ({ target, isComposing }) => {
  if (isComposing || target.value?.isWellFormed?.() !== false) return;
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
  set.call(target, target.value.toWellFormed());
};
window.addEventListener("input", typed.mend, { capture: true });

// A browser takes half a minute to lay out a longer text. A UTF-16 unit is three bytes at most:
// whoever sits at the server's machine may send all that can be typed.
const MOST_TYPED = 7_000_000;
typed.bound ??= ({ target }) => {
  if (target.tagName !== "TEXTAREA") return;
  let size = 0;
  for (const area of document.querySelectorAll("textarea")) size += area.value.length;
  const before = typed.last?.target === target ? typed.last.text : target.defaultValue;
  const isTooLong = size > MOST_TYPED && target.value.length > before.length;
  if (isTooLong) {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
    set.call(target, before);
  }
  typed.last = { target, text: target.value };
  tell(isTooLong && `That would make ${size.toLocaleString("en")} characters; a page sends ` +
    `${MOST_TYPED.toLocaleString("en")} at most. The text is as it was.`);
};
typed.enter ??= ({ target }) => { typed.last = { target, text: target.value ?? "" }; };
window.addEventListener("focusin", typed.enter, { capture: true });
window.addEventListener("input", typed.bound, { capture: true });

// The server ends a connection that sends more at once than it takes (PageSockets), and then no
// click would do anything. So nothing of such a message is sent, the text stays in its field,
// and a line says why. Whatever is typed or pasted anywhere goes through here.
const SIGN_OF_LIFE = 10; // Bytes: it says nothing of what is typed.
const STREAM = /\/_stcore\/stream$/;
typed.send ??= WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!STREAM.test(new URL(this.url).pathname)) return typed.send.call(this, data);
  const most = typed.mostBytes, size = data.byteLength;
  if (!(size > most)) {
    if (size > SIGN_OF_LIFE) tell(null);
    return typed.send.call(this, data);
  }
  tell(`With that this page would send ${size.toLocaleString("en")} bytes at once; this app ` +
    `takes ${most.toLocaleString("en")}. Nothing was sent. Your text is still here: shorten it.`);
};

function tell(words) {
  let note = document.querySelector(".playground-note");
  if (!words) return note?.remove();
  note ??= document.body.appendChild(document.createElement("div"));
  Object.assign(note, { className: "playground-note", role: "alert", textContent: words });
}
