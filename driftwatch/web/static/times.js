// Writes moments in UTC, as the server does, or as the clock on the wall here, as the reader likes.

const KEPT = "driftwatch:zone";
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const button = document.getElementById("zone");

/** Return a moment to the minute in a time zone: 2013-02-08 14:12 UTC. */
function write(moment, zone) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    })
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute} ${parts.timeZoneName}`;
}

function isLocal() {
  return localStorage.getItem(KEPT) === "local";
}

function show() {
  const zone = isLocal() ? HERE : "UTC";
  for (const one of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(one.dateTime);
    one.title = HERE === "UTC" ? write(moment, "UTC") : `${write(moment, "UTC")} · here ${write(moment, HERE)}`;
    if (one.hasAttribute("data-stamp")) one.textContent = write(moment, zone);
  }
  document.getElementById("zone-said").textContent = isLocal() ? HERE : "UTC";
  button.textContent = isLocal() ? "Show UTC" : `Show ${HERE}`;
  button.hidden = HERE === "UTC";
}

button.addEventListener("click", () => {
  localStorage.setItem(KEPT, isLocal() ? "utc" : "local");
  show();
});
document.addEventListener("driftwatch:fresh", show);
show();
