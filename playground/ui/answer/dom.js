// What the scripts beside this one make their elements with.

function make(tag, className, ...parts) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...parts);
  return made;
}

// The children of one become those of the other; what is the same stays, selected or not.
function morph(old, next) {
  const olds = [...old.childNodes], nexts = [...next.childNodes];
  nexts.forEach((now, at) => {
    const was = olds[at];
    if (!was) old.append(now);
    else if (was.nodeType !== now.nodeType || was.nodeName !== now.nodeName) was.replaceWith(now);
    else if (was.nodeType === Node.TEXT_NODE) morphText(was, now);
    else if (!was.isEqualNode(now)) {
      morphAttributes(was, now);
      morph(was, now);
    }
  });
  for (const rest of olds.slice(nexts.length)) rest.remove();
}

function morphText(was, now) {
  if (was.data === now.data) return;
  if (now.data.startsWith(was.data)) was.appendData(now.data.slice(was.length));
  else was.data = now.data;
}

function morphAttributes(was, now) {
  for (const { name } of [...was.attributes]) if (!now.hasAttribute(name)) was.removeAttribute(name);
  for (const { name, value } of now.attributes)
    if (was.getAttribute(name) !== value) was.setAttribute(name, value);
}
