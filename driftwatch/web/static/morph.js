// Turns a part of this page into what the server says it is now, and leaves alone what a person is at:
// the focus, what was unfolded, a form that was begun, a chart that was drawn.

/** Make `old` equal to `fresh`, a node of another document of the same kind. */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh) || isKept(old)) return;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

function isKept(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  return node.hasAttribute("data-keep") || (node.nodeName === "FORM" && isBegun(node));
}

/** Whether somebody has begun to fill in a form, or is about to. */
function isBegun(form) {
  if (form.contains(document.activeElement)) return true;
  return [...form.elements].some((one) => {
    if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
    if (one.nodeName === "SELECT") {
      const options = [...one.options];
      const said = options.some((option) => option.defaultSelected);
      return options.some((option, at) => option.selected !== (said ? option.defaultSelected : at === 0));
    }
    return one.defaultValue !== undefined && one.value !== one.defaultValue;
  });
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // What is unfolded stays so: the server does not know of it.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphChildren(old, fresh) {
  const named = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
  let next = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const match = wanted.id ? named.get(wanted.id) : next && !next.id ? next : undefined;
    if (match === undefined) {
      old.insertBefore(document.importNode(wanted, true), next);
    } else {
      if (match === next) next = next.nextSibling;
      else old.insertBefore(match, next);
      morph(match, wanted);
    }
  }
  while (next !== null) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}
