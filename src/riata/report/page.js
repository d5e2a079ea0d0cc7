// The moving parts of a riata report: one slider for λ, a table that sorts, searches and copies. No library, no network.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("numbers").textContent);
  const body = document.querySelector("#features tbody");
  const heads = [...document.querySelectorAll("#features thead th")];
  const slider = $("lam");
  let sortBy = null, down = true, at = data.index;

  // A number for reading, to the letter as riata.select.summary.number writes it.
  function number(value, digits = 5) {
    if (value === null || !isFinite(value)) return "nan";
    if (value === 0) return "0";
    const [mantissa, exponent] = Math.abs(value).toExponential(15).split("e");
    const size = Number(exponent);
    if (!(size > -5 && size < 9)) {
      const [m, e] = value.toExponential(digits - 1).split("e");
      return m + "e" + e[0] + e.slice(1).padStart(2, "0");
    }
    let [whole, rest = ""] = value.toFixed(Math.max(digits - 1 - size, 0)).split(".");
    rest = rest.replace(/0+$/, "");
    return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? "." + rest : "");
  }
  const percent = (share) => (share === null ? "–" : (100 * share).toFixed(1).replace(/^-0\.0$/, "0.0") + " %");

  // The rows that are non-zero at the k-th λ: [row, coefficient].
  function active(k) {
    const found = [];
    data.rows.forEach((row, i) => {
      const value = row.v[k - row.a];
      if (value) found.push({ row, i, coef: value, effect: value * row.sd });
    });
    return found;
  }

  // The texts of a line and, beside each, what it is sorted by; the order is that of the heads.
  function cells(one) {
    const { row, coef, effect } = one, out = [[row.n, row.n]];
    if (data.outputs) out.push([row.o, row.o]);
    out.push([number(coef), coef]);
    if (data.ratio) out.push([number(Math.exp(Math.min(coef, 700))), coef]);
    out.push([number(effect), Math.abs(effect)]);
    data.more.forEach((head, k) => {
      const words = head === "stands in for";
      let text = row.m ? row.m[k] : words ? "" : "–";
      if (head === "local mfdr" && at !== data.index) text = "–";
      const value = parseFloat(text.replaceAll(",", "").replace("−", "-").replace("∞", "Infinity"));
      out.push([text, words ? text : isNaN(value) ? Infinity : value]);
    });
    return out;
  }

  function fill() {
    const wanted = $("search").value.trim().toLowerCase();
    let lines = active(at).sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    lines = lines.map((one) => ({ i: one.i, cells: cells(one) }));
    if (wanted) lines = lines.filter((l) => l.cells.some(([text]) => String(text).toLowerCase().includes(wanted)));
    if (sortBy !== null) {
      const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
      lines.sort((a, b) => (down ? -1 : 1) * compare(a.cells[sortBy][1], b.cells[sortBy][1]));
    }
    body.replaceChildren(...lines.map((line) => {
      const tr = document.createElement("tr");
      line.cells.forEach(([text], k) => {
        const cell = document.createElement(k ? "td" : "th");
        if (!k) cell.scope = "row";
        cell.className = heads[k].className;
        cell.textContent = text;
        tr.append(cell);
      });
      tr.addEventListener("pointerenter", () => highlight(line.i));
      tr.addEventListener("pointerleave", () => highlight(null));
      return tr;
    }));
    $("none").hidden = lines.length > 0;
  }

  function highlight(i) {
    document.querySelectorAll("#path .named").forEach((l) => l.classList.toggle("lit", i !== null && l.dataset.row === String(i)));
  }

  function write(id, text) { if ($(id)) $(id).textContent = text; }

  // Everything that depends on λ, from the stored path.
  function move(k) {
    at = Math.max(0, Math.min(data.lams.length - 1, k));
    slider.value = at;
    const word = at === data.index ? data.rule : data.rules[at];
    write("at-lam", number(data.lams[at]) + (word ? ` (${word})` : ""));
    write("at-df", number(data.df[at], 9));
    write("at-cv", data.cvm[at] === null ? "–" : `${number(data.cvm[at])} ± ${number(data.cvse[at], 3)}`);
    write("at-dev", percent(data.dev[at]));
    if (data.mfdr) write("at-mfdr", percent(data.mfdr[at]));
    for (const svg of document.querySelectorAll("svg.linked")) {
      const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
      svg.querySelector(".marker").setAttribute("transform", `translate(${(left + data.share[at] * (right - left)).toFixed(1)} 0)`);
      if (svg.dataset.ys) svg.querySelector(".marker circle").setAttribute("cy", JSON.parse(svg.dataset.ys)[at]);
    }
    const said = `λ ${number(data.lams[at])}, ${data.df[at]} features`;
    slider.setAttribute("aria-valuetext", said);
    fill();
  }

  // A press on a picture takes the λ that is nearest; a drag goes on.
  function follow(svg, event) {
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
    const share = ((event.clientX - box.left) / box.width * view.width - left) / (right - left);
    let best = 0;
    data.share.forEach((s, k) => { if (Math.abs(s - share) < Math.abs(data.share[best] - share)) best = k; });
    if (best !== at) move(best);
  }

  async function copy(text) {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }
  function table() {
    const lines = [heads.map((h) => h.dataset.name), ...[...body.rows].map((r) => [...r.cells].map((c) => c.textContent))];
    return lines.map((cells) => cells.map((c) => c.replace(/[\t\n\r]/g, " ")).join("\t")).join("\n") + "\n";
  }

  heads.forEach((head, k) => {
    head.dataset.name = head.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      down = sortBy === k ? !down : k >= (data.outputs ? 2 : 1) && head.dataset.name !== "stands in for";
      sortBy = k;
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      fill();
    });
  });
  slider.addEventListener("input", () => move(Number(slider.value)));
  document.querySelectorAll("[data-index]").forEach((b) => b.addEventListener("click", () => move(Number(b.dataset.index))));
  document.querySelectorAll("svg.linked").forEach((svg) => {
    svg.addEventListener("pointerdown", (e) => { svg.setPointerCapture(e.pointerId); follow(svg, e); });
    svg.addEventListener("pointermove", (e) => { if (e.buttons & 1) follow(svg, e); });
  });
  $("search").addEventListener("input", fill);
  $("copy").addEventListener("click", async () => { await copy(table()); write("copied", "copied"); });
  document.querySelectorAll("[data-copies]").forEach((b) =>
    b.addEventListener("click", () => copy($(b.dataset.copies).textContent)));
  document.documentElement.classList.add("moving");
  move(at);
})();
