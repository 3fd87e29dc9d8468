// The page's behaviour: charts drawn from the data below, a slider over the epochs, a front whose points open drawings.
// The address says what is shown: #epoch=12, #front=3.
const data = JSON.parse(document.getElementById("data").textContent);
const charts = [...document.querySelectorAll(".chart")];
const slider = document.getElementById("epoch");

function show(section, number) {
  for (const drawing of document.querySelectorAll(`#${section} .drawing`)) {
    drawing.hidden = !drawing.dataset.shows.split(" ").includes(String(number));
  }
  for (const caption of document.querySelectorAll(`#${section} [data-of]`)) {
    caption.classList.toggle("chosen", caption.dataset.of === String(number));
  }
}

function showEpoch(number) {
  const places = data.epochs.map((epoch) => Math.abs(epoch - number));
  const place = places.indexOf(Math.min(...places));
  slider.value = place;
  slider.setAttribute("aria-valuetext", `epoch ${data.epochs[place]}`);
  show("epochs", data.epochs[place]);
  for (const chart of charts.filter((chart) => chart.dataset.over === "epochs")) {
    Plotly.relayout(chart, { "shapes[0].x0": data.epochs[place], "shapes[0].x1": data.epochs[place] });
  }
}

function follow() {
  const [, what, number] = location.hash.match(/^#(epoch|front)=(\d+)$/) ?? [];
  if (what === "epoch" && slider) showEpoch(Number(number));
  if (what === "front" && data.front.includes(Number(number))) {
    show("front", Number(number));
    document.querySelector("#front .caption.chosen").scrollIntoView({ block: "nearest" });
  }
}

for (const chart of charts) {
  const figure = data.charts[chart.id];
  Plotly.newPlot(chart, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  chart.on("plotly_click", ({ points: [point] }) => {
    if (chart.dataset.over === "epochs" && slider) location.hash = `epoch=${Math.round(point.x)}`;
    if (point.customdata !== undefined) location.hash = `front=${point.customdata}`;
  });
}
if (slider) {
  slider.addEventListener("input", () => {
    history.replaceState(null, "", `#epoch=${data.epochs[slider.value]}`);
    showEpoch(data.epochs[slider.value]);
  });
}
window.addEventListener("hashchange", follow);
follow();
