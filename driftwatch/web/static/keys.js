// Keys for those who like them, never the only way; they can be switched off (WCAG 2.1.4).

const KEPT = "driftwatch:keys";
const PAGES = { o: "/", i: "/incidents", m: "/#monitors", d: "/deliveries" };
const ACTIONS = { a: "acknowledge", s: "snooze", n: "note" };
const SECOND_KEY = 1_500;

const root = document.body.dataset.root;
const list = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
let leapAt = 0;

/** Return the links that lead from the lists on this page, one of each row. */
function listLinks() {
  const rows = document.querySelectorAll("main .concerns > li, main .over > li, main tbody > tr");
  return [...rows].map((row) => row.querySelector("a[href]")).filter((link) => link?.checkVisibility());
}

/** Return the row that the focus is in. */
function findRow() {
  return document.activeElement.closest("li, tr");
}

function step(by) {
  const links = listLinks();
  const row = findRow();
  const at = links.findIndex((link) => link === document.activeElement || (row && row.contains(link)));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next]?.focus();
}

/** Unfold the form of an action on this page, or go to it for the incident that the focus is at. */
function act(name) {
  const folded = document.getElementById(`action-${name}`);
  if (folded) {
    folded.open = true;
    (folded.querySelector("select, input:not([type=hidden])") ?? folded.querySelector("button")).focus();
    return;
  }
  const link = findRow()?.querySelector('a[href*="/incidents/"]');
  if (link) location.assign(`${link.pathname}/${name}`);
}

const KEYS = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: () => findRow()?.querySelector("input[type=checkbox]")?.click(),
  g: () => {
    leapAt = Date.now();
  },
  "?": () => (list.open ? list.close() : list.showModal()),
};

function isWriting(target) {
  return /^(INPUT|SELECT|TEXTAREA)$/.test(target.nodeName) && target.type !== "checkbox";
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isWriting(event.target)) return;
  if (!toggle.checked && event.key !== "?") return;
  const leaps = Date.now() - leapAt < SECOND_KEY;
  leapAt = 0;
  if (list.open && event.key !== "?") return;
  if (leaps && event.key in PAGES) location.assign(root + PAGES[event.key]);
  else if (event.key in ACTIONS) act(ACTIONS[event.key]);
  else if (event.key in KEYS) KEYS[event.key]();
  else return;
  event.preventDefault();
}

toggle.checked = localStorage.getItem(KEPT) !== "off";
toggle.addEventListener("change", () => localStorage.setItem(KEPT, toggle.checked ? "on" : "off"));
document.getElementById("keys-shown").hidden = false;
document.getElementById("keys-shown").addEventListener("click", () => list.showModal());
document.addEventListener("keydown", press);
