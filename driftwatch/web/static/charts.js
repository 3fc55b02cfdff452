// Draws the pictures of a page from the data beside them, and again when that is other data, or when the
// browser turns light or dark. Without it every picture still has its sentence and its numbers.

const looks = JSON.parse(document.getElementById("looks").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const drawn = new WeakMap();

async function draw(figure) {
  const ground = dark.matches ? "dark" : "light";
  const text = figure.querySelector("script").textContent;
  const before = drawn.get(figure);
  if (before?.text === text && before.ground === ground) return;
  before?.result.finalize();
  const drawing = figure.querySelector(".drawing");
  const result = await window.vegaEmbed(drawing, JSON.parse(text), {
    mode: "vega-lite",
    config: looks[ground],
    // Expressions are walked through, not compiled: the policy of the page allows no eval.
    ast: true,
    renderer: "svg",
    logLevel: 1, // Errors alone: that no mark lies within the time that is shown is no warning.
    actions: false,
    // Styles are in the sheet of the page: the policy allows none in it.
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  });
  drawn.set(figure, { text, ground, result });
  drawing.dataset.drawn = ground;
  // It is one picture with one sentence, not hundreds of lines: its numbers are in the table.
  drawing.querySelector("svg").setAttribute("aria-hidden", "true");
  drawing.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
}

async function drawAll() {
  for (const figure of document.querySelectorAll("figure.chart")) {
    // One that cannot be drawn is said in the console, and leaves its numbers.
    await draw(figure).catch(console.error);
  }
}

if (window.vegaEmbed) {
  dark.addEventListener("change", drawAll);
  document.addEventListener("driftwatch:fresh", drawAll);
  await drawAll();
}
