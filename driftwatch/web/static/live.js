// Shows what has happened since the page was opened, without a reload. It asks for the page again every
// so often: less often while nothing changes, not at all while nobody looks. An answer that does not come
// is said on the page, for what stands there may then be old.

import { morph } from "./morph.js";

const SOONEST = 15_000;
const LATEST = 60_000;
const LATEST_AFTER_TROUBLE = 120_000;
const PATIENCE = 20_000;
const PARTS = ["header.top", "main", "footer.foot"];

const stale = document.getElementById("stale");
let pause = SOONEST;
let timer = 0;
let askedAt = Date.now();
let heardAt = new Date();

function plan() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause);
}

async function look() {
  askedAt = Date.now();
  try {
    const answer = await fetch(location.href, {
      headers: { accept: "text/html" },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.redirected || answer.status === 401 || answer.status === 403) {
      return say("You are not signed in any more: load the page again. What stands here is old.");
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const hasChanged = show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    heardAt = new Date();
    stale.hidden = true;
    pause = hasChanged ? SOONEST : Math.min(pause * 1.5, LATEST);
  } catch {
    say(`driftwatch has not answered since ${heardAt.toLocaleTimeString()}: what stands here may be old.`);
    pause = Math.min(pause * 2, LATEST_AFTER_TROUBLE);
  }
  plan();
}

function say(words) {
  stale.textContent = words;
  stale.hidden = false;
}

/** Put the fresh page in the place of this one, and return whether it says anything else. */
function show(fresh) {
  const before = read();
  const focused = document.activeElement;
  document.title = fresh.title;
  const icon = document.querySelector("link[rel=icon]");
  const freshIcon = fresh.querySelector("link[rel=icon]").getAttribute("href");
  if (icon.getAttribute("href") !== freshIcon) icon.setAttribute("href", freshIcon);
  for (const part of PARTS) morph(document.querySelector(part), fresh.querySelector(part));
  // What was moved to another place has lost the focus on its way.
  if (focused !== document.activeElement && document.contains(focused)) focused.focus({ preventScroll: true });
  document.dispatchEvent(new Event("driftwatch:fresh"));
  return read() !== before;
}

/** Return the words of the page without what changes by itself: how long ago something was. */
function read() {
  const copy = document.querySelector("main").cloneNode(true);
  for (const one of copy.querySelectorAll("time")) one.remove();
  return copy.textContent;
}

function lookWhenSeen() {
  if (document.hidden) clearTimeout(timer);
  else if (Date.now() - askedAt > SOONEST) look();
  else plan();
}

// A form that was refused stands at an address that shows something else when it is asked for.
if (document.querySelector("main[data-live]")) {
  document.addEventListener("visibilitychange", lookWhenSeen);
  plan();
}
