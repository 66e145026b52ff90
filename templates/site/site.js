"use strict";
(() => {
  const make = (tag, fields = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(fields)) {
      if (name === "text") element.textContent = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const json = (id) => {
    const element = document.getElementById(id);
    return element ? JSON.parse(element.textContent) : null;
  };
  const later = (work) => {
    let waiting = 0;
    return () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(work);
    };
  };
  const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

  // Tables: a button in each heading sorts, a field above searches.
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const sortable = (table) => {
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = make("button", { type: "button", text: heading.textContent });
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const keyed = [...body.rows].map((row) => {
          const cell = row.cells[column];
          const exact = cell.dataset.sort;
          const text = cell.querySelector(".note") ? cell.firstChild.textContent : cell.textContent;
          return [row, exact === undefined ? text.trim() : Number(exact)];
        });
        keyed.sort(([, a], [, b]) => {
          if (typeof a === "number" && typeof b === "number") return a - b;
          if (a === "" || b === "") return (a === "") - (b === "");
          return collator.compare(String(a), String(b));
        });
        if (down) keyed.reverse();
        body.append(...keyed.map(([row]) => row));
      });
      heading.replaceChildren(button);
    });
  };
  const searchable = (sheet) => {
    const rows = [...sheet.querySelectorAll("tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const shown = make("span", { role: "status" });
    const field = make("input", { type: "search", placeholder: sheet.dataset.search, "aria-label": sheet.dataset.search, autocomplete: "off", spellcheck: "false" });
    const search = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, index) => {
        const found = words.every((word) => texts[index].includes(word));
        if (row.hidden === found) row.hidden = !found;
        count += found;
      });
      shown.textContent = words.length ? (count ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "Nothing is found.") : "";
    };
    field.addEventListener("input", later(search));
    sheet.querySelector(".caption").after(make("div", { class: "bar-above" }, field, shown));
  };
  for (const table of document.querySelectorAll(".sheet table")) if (table.tBodies[0].rows.length > 1) sortable(table);
  for (const sheet of document.querySelectorAll("[data-search]")) if (sheet.querySelectorAll("tbody tr").length > 5) searchable(sheet);

  // Digests are shortened to the eye; a button copies the whole.
  const icon = () => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of [["viewBox", "0 0 16 16"], ["width", "14"], ["height", "14"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3");
    svg.append(path);
    return svg;
  };
  for (const code of document.querySelectorAll("[data-copy]")) {
    if (!code.closest("dl, .under, .name")) { code.title = code.textContent; continue; }
    const button = make("button", { type: "button", class: "copy", "aria-label": `Copy ${code.textContent.slice(0, 15)}…` }, icon());
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        return;
      }
      button.classList.add("done");
      setTimeout(() => button.classList.remove("done"), 1200);
    });
    const holder = make("span", { class: "copying" });
    code.replaceWith(holder);
    holder.append(code, button);
  }

  // The graph: a tree that opens step by step, and a search that says through what each found component is there.
  const graph = json("graph-data");
  const tree = document.getElementById("tree");
  if (graph && tree) {
    const nodes = graph.nodes;
    const from = new Array(nodes.length).fill(-1);
    const waiting = nodes.flatMap((node, index) => (node[3] ? [index] : []));
    const seen = new Set(waiting);
    for (const index of waiting) for (const other of nodes[index][4]) if (!seen.has(other)) {
      seen.add(other);
      from[other] = index;
      waiting.push(other);
    }
    const label = (index, words = []) => {
      const name = make("span");
      const text = nodes[index][0];
      const at = words.length ? text.toLowerCase().indexOf(words[0]) : -1;
      if (at < 0) name.append(text);
      else name.append(text.slice(0, at), make("mark", { text: text.slice(at, at + words[0].length) }), text.slice(at + words[0].length));
      return [name, " ", make("span", { class: "version", text: nodes[index][1] })];
    };
    const branch = (index, above, words) => {
      const needs = nodes[index][4];
      if (above.includes(index)) return make("li", {}, make("span", { class: "leafless" }, ...label(index), make("span", { class: "kind", text: "as above" })));
      if (!needs.length) return make("li", {}, make("span", { class: "leafless" }, ...label(index, words)));
      const details = make("details", {}, make("summary", {}, ...label(index, words), make("span", { class: "kind", text: `needs ${needs.length}` })));
      details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1) details.append(make("ul", {}, ...needs.map((other) => branch(other, [...above, index]))));
      });
      return make("li", {}, details);
    };
    const why = (index) => {
      const path = [];
      for (let at = from[index]; at >= 0; at = from[at]) path.unshift(nodes[at][0]);
      return path.length ? `through ${path.join(" → ")}` : nodes[index][3] ? "asked for directly" : "";
    };
    const status = make("span", { role: "status" });
    const field = make("input", { type: "search", placeholder: "Search dependencies", "aria-label": "Search dependencies", autocomplete: "off", spellcheck: "false" });
    const which = make("fieldset", {}, make("legend", { class: "hidden", text: "Which components" }));
    for (const [value, text] of [["direct", "asked for"], ["transitive", "needed by others"], ["all", "all"]]) {
      const radio = make("input", { type: "radio", name: "which", value, ...(value === "direct" ? { checked: "" } : {}) });
      which.append(make("label", {}, radio, text));
    }
    const content = make("div");
    const draw = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = which.querySelector("input:checked").value;
      const found = nodes.flatMap((node, index) => {
        const kept = words.length ? words.every((word) => `${node[0]} ${node[1]}`.toLowerCase().includes(word)) : wanted === "all" || (wanted === "direct") === Boolean(node[3]);
        return kept ? [index] : [];
      });
      which.disabled = words.length > 0;
      content.replaceChildren();
      for (const [kind, title] of graph.kinds.entries()) {
        const members = found.filter((index) => nodes[index][2] === kind);
        if (!members.length) continue;
        const list = make("ul", {}, ...members.map((index) => {
          const item = branch(index, [], words);
          if ((words.length || wanted === "transitive") && why(index)) item.append(make("span", { class: "why", text: why(index) }));
          return item;
        }));
        content.append(make("h3", { text: `${title} (${members.length})` }), list);
      }
      status.textContent = words.length ? (found.length ? counted(found.length, "component") : "Nothing is found.") : "";
    };
    field.addEventListener("input", later(draw));
    which.addEventListener("change", draw);
    tree.replaceChildren(make("div", { class: "bar-above" }, field, which, status), content);
    draw();
  }

  // Any two releases of a name.
  const versions = json("versions-data");
  const chooser = document.getElementById("chooser");
  if (versions && chooser && versions.releases.length > 1) {
    const stated = (position) => {
      const facts = new Map();
      for (let index = 0; index <= position; index++) {
        const changed = versions.releases[index][4];
        for (let at = 0; at < changed.length; at += 2) {
          if (changed[at + 1] < 0) facts.delete(changed[at]);
          else facts.set(changed[at], changed[at + 1]);
        }
      }
      return facts;
    };
    const select = (title, chosen) => {
      const options = versions.releases.map(([version, day], index) => make("option", { value: index, text: `${version} (${day})`, ...(index === chosen ? { selected: "" } : {}) }));
      const element = make("select", {}, ...options);
      chooser.append(make("label", {}, title, element));
      return element;
    };
    const asked = new URLSearchParams(location.hash.slice(1));
    const place = (name, otherwise) => {
      const index = versions.releases.findIndex((each) => each[2] === asked.get(name));
      return index < 0 ? otherwise : index;
    };
    const last = place("to", 0);
    const older = select("From", place("from", Math.min(last + 1, versions.releases.length - 1)));
    const newer = select("to", last);
    const signs = { added: "+", removed: "−", changed: "~" };
    const show = () => {
      const [before, after] = [stated(Number(older.value)), stated(Number(newer.value))];
      const sections = new Map();
      for (const fact of new Set([...before.keys(), ...after.keys()])) {
        if (before.get(fact) === after.get(fact)) continue;
        const [section, name] = versions.facts[fact];
        if (!sections.has(section)) sections.set(section, []);
        sections.get(section).push([name, versions.values[before.get(fact)] ?? "", versions.values[after.get(fact)] ?? ""]);
      }
      const compared = document.getElementById("compared");
      compared.replaceChildren();
      if (!sections.size) compared.append(make("p", { class: "empty", text: "Nothing that a release states is different." }));
      const names = [older, newer].map((each) => versions.releases[Number(each.value)][0]);
      let count = 0;
      for (const [title, changes] of [...sections].sort(([a], [b]) => versions.sections.indexOf(a) - versions.sections.indexOf(b))) {
        const id = `compared-${++count}`;
        const body = make("tbody", {}, ...changes.sort(([a], [b]) => (a < b ? -1 : 1)).map(([fact, old, now]) => {
          const kind = old ? (now ? "changed" : "removed") : "added";
          return make("tr", { class: kind },
            make("th", { scope: "row" }, make("span", { class: "sign", "aria-hidden": "true", text: signs[kind] }), make("span", { class: "hidden", text: `${kind}: ` }), fact),
            make("td", {}, ...(old ? [make("del", { text: old })] : [])),
            make("td", {}, ...(now ? [make("ins", { text: now })] : [])));
        }));
        const head = make("thead", {}, make("tr", {}, ...["What", ...names].map((text) => make("th", { scope: "col", text }))));
        const table = make("table", { class: "changes", "aria-labelledby": id }, head, body);
        compared.append(make("section", {}, make("h2", { id }, title, " ", make("span", { class: "count", text: changes.length })),
          make("div", { class: "scroll", role: "region", tabindex: "0", "aria-labelledby": id }, table)));
      }
    };
    const changed = () => {
      history.replaceState(null, "", `#from=${versions.releases[Number(older.value)][2]}&to=${versions.releases[Number(newer.value)][2]}`);
      show();
    };
    older.addEventListener("change", changed);
    newer.addEventListener("change", changed);
    show();
  }

  // Where the reader is; and "/" goes to the nearest search.
  const links = new Map([...document.querySelectorAll(".nav a")].map((link) => [link.hash.slice(1), link]));
  if (links.size) {
    const watched = [...document.querySelectorAll("main > section")];
    const mark = later(() => {
      const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      const current = end ? watched.at(-1) : watched.findLast((section) => section.getBoundingClientRect().top < 120) ?? watched[0];
      for (const [id, link] of links) {
        if (id !== current.id) link.removeAttribute("aria-current");
        else if (!link.hasAttribute("aria-current")) {
          link.setAttribute("aria-current", "true");
          link.closest("ul").scrollLeft = link.offsetLeft - 40;
        }
      }
    });
    addEventListener("scroll", mark, { passive: true });
    mark();
  }
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const fields = [...document.querySelectorAll("input[type=search]")];
    const field = fields.find((each) => each.getBoundingClientRect().top > 0) ?? fields.at(-1);
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
})();
