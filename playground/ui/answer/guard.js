// The second of two guards: of what the server rendered, only the tags and attributes of its own
// list come into the page. The first one is the server's.

const PLACES = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"];

// The list: for each tag its attributes, for each of those the pattern of its whole value.
function readList(tags) {
  const list = new Map();
  for (const [tag, attributes] of Object.entries(tags)) {
    const patterns = Object.entries(attributes).map(
      ([name, pattern]) => [name, new RegExp(`^(?:${pattern})$`, "su")]);
    list.set(tag, new Map(patterns));
  }
  return list;
}

// Made once: given as a plain list it would be read anew for each piece, 1 ms each time.
function sanitizerOf(list) {
  const elements = [...list].flatMap(([name, attributes]) =>
    PLACES.map((namespace) => ({ name, namespace, attributes: [...attributes.keys()] })));
  return new Sanitizer({ elements, attributes: [], comments: false, dataAttributes: false });
}

// HTML as nodes that are in no page yet, and load nothing meanwhile.
function guarded(html, list) {
  let root = document.createElement("div");
  if (root.setHTML && window.Sanitizer) root.setHTML(html, { sanitizer: (list.sanitizer ??= sanitizerOf(list)) });
  else root = new DOMParser().parseFromString(html, "text/html").body;
  for (const element of [...root.querySelectorAll("*")]) keepToList(element, list);
  return root;
}

function keepToList(element, list) {
  const attributes = list.get(element.localName);
  if (!attributes || !PLACES.includes(element.namespaceURI)) return element.remove();
  for (const { name, value } of [...element.attributes])
    if (!attributes.get(name)?.test(value)) element.removeAttribute(name);
}
