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
        const { nextSibling } = body;
        body.remove(); // 20,000 rows that move on the page one by one take half a minute
        body.append(...keyed.map(([row]) => row));
        table.insertBefore(body, nextSibling);
        body.dispatchEvent(new Event("sorted"));
      });
      heading.replaceChildren(button);
    });
  };
  const searchable = (sheet) => {
    const body = sheet.querySelector("tbody");
    const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
    const shown = make("span", { role: "status" });
    let most = sheet.dataset.most ? Number(sheet.dataset.most) : Infinity; // of many thousand rows so many are laid out
    const field = make("input", { type: "search", placeholder: sheet.dataset.search, "aria-label": sheet.dataset.search, autocomplete: "off", spellcheck: "false" });
    let turn = 0;
    const apply = (rows, from, mine) => { // rows that appear cost a layout: so many at a time
      let at = from;
      for (let left = 250; at < rows.length && left > 0; at++) {
        const [row, found] = rows[at];
        if (row.hidden !== found) continue;
        row.hidden = !found;
        left -= found;
      }
      if (at < rows.length) requestAnimationFrame(() => { if (mine === turn) apply(rows, at, mine); });
    };
    const search = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      const rows = [...body.rows].map((row) => {
        const found = words.every((word) => texts.get(row).includes(word));
        count += found;
        return [row, found && count <= most];
      });
      apply(rows, 0, ++turn);
      further?.(count);
      shown.textContent = words.length ? (count ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "Nothing is found.") : "";
    };
    let further;
    if (most < Infinity) {
      const told = make("span");
      const bar = make("div", { class: "bar-below" }, told);
      for (const [text, more] of [["Show 1,000 more", 1000], ["Show all", Infinity]]) {
        bar.append(make("button", { type: "button", text, onclick: () => { most += more; search(); } }));
      }
      further = (count) => {
        const rest = count > most;
        if (!rest && bar.contains(document.activeElement)) sheet.querySelector(".scroll").focus({ preventScroll: true });
        bar.hidden = !rest;
        told.textContent = rest ? `The first ${most.toLocaleString("en")} of ${count.toLocaleString("en")} are shown.` : "";
      };
      further(body.rows.length);
      sheet.append(bar);
      body.addEventListener("sorted", search);
    }
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

  // The picture of the graph: what is pointed at, or has the focus, shows its ways; a group opens what it stands for.
  for (const picture of document.querySelectorAll(".network svg")) {
    const vertices = [...picture.querySelectorAll(".node")];
    const ways = [...picture.querySelectorAll("[data-ends]")].map((path) => [path, ...path.dataset.ends.split(" ").map(Number)]);
    const said = picture.closest(".network").nextElementSibling;
    const along = (start, from, to) => {
      const seen = new Set([start]);
      for (const each of seen) for (const way of ways) if (way[from] === each) seen.add(way[to]);
      return seen;
    };
    const light = (vertex) => {
      const index = vertex ? vertices.indexOf(vertex) : -1;
      const [above, below] = vertex ? [along(index, 2, 1), along(index, 1, 2)] : [new Set(), new Set()];
      const lit = (each) => above.has(each) || below.has(each);
      vertices.forEach((each, at) => { each.classList.toggle("lit", lit(at)); each.classList.toggle("dim", Boolean(vertex) && !lit(at)); });
      for (const [path, a, b] of ways) {
        const on = Boolean(vertex) && ((above.has(a) && above.has(b)) || (below.has(a) && below.has(b)));
        path.classList.toggle("lit", on);
        path.classList.toggle("dim", Boolean(vertex) && !on);
      }
      said.textContent = vertex ? vertex.querySelector("title").textContent : "";
    };
    for (const vertex of vertices) {
      vertex.addEventListener("pointerenter", () => light(vertex));
      vertex.addEventListener("focus", () => light(vertex));
      vertex.addEventListener("pointerleave", () => light(null));
      vertex.addEventListener("blur", () => light(null));
    }
  }
  const reveal = () => {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (target && target.tagName === "DETAILS") target.open = true;
    if (target && target.tagName === "TR" && target.hidden) {
      target.hidden = false; // one of many thousand rows, not shown yet
      target.scrollIntoView({ block: "nearest" });
    }
    if (target && target.closest(".view")) target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  reveal();
  addEventListener("keydown", (event) => {
    const up = event.key === "Escape" && document.querySelector(".view:target [data-up]");
    if (!up) return;
    const from = location.hash;
    up.click();
    document.querySelector(`a[href="${CSS.escape(from).replace(/^\\#/, "#")}"]`)?.focus({ preventScroll: true });
  });

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
    const tones = { high: "bad", medium: "warn", low: "" };
    const badge = (text, level, title = "") => make("span", { class: `badge ${tones[level]}`, ...(title ? { title } : {}), text });
    const word = (ranks, before, after) => {
      if (before === undefined) return "added";
      if (after === undefined) return "removed";
      if (!ranks) return "changed";
      const [old, now] = [before, after].map((value) => ranks.get(value));
      if (versions.values[before].split(" ")[0] === versions.values[after].split(" ")[0]) return "other bytes";
      return old === undefined || now === undefined ? "changed" : old < now ? "bumped" : "lowered";
    };
    const amount = (bytes) => {
      const units = ["B", "kB", "MB", "GB", "TB", "PB"];
      let left = bytes;
      for (const unit of units) {
        if (left < 999.95 || unit === "PB") return unit === "B" ? `${left} B` : `${left.toFixed(1)} ${unit}`;
        left /= 1000;
      }
    };
    const differences = (one, other) => {
      const [before, after] = [stated(one), stated(other)];
      const [[left, targets], [right, others, images]] = [versions.more[one], versions.more[other]];
      const direct = new Set([...left, ...right]);
      const many = Math.max(targets, others) > 1;
      const sections = new Map();
      for (const fact of [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b)) {
        const [old, now] = [before.get(fact), after.get(fact)];
        if (old === now) continue;
        const [section, name, usual, why, place, number, ranks] = versions.facts[fact];
        const said = word(number < 0 ? null : new Map(ranks), old, now);
        const [risk, reason] = said === "other bytes" ? ["high", versions.nobody] : [usual, why];
        const shown = (value) => (value === undefined ? "" : number >= 0 && said !== "other bytes" ? versions.values[value].split(" ")[0] : versions.values[value]);
        if (!sections.has(section)) sections.set(section, []);
        sections.get(section).push({ said, risk, reason, what: number >= 0 && many ? `${name} (${place})` : name, scope: number < 0 ? "" : direct.has(number) ? "direct" : "transitive", old: shown(old), now: shown(now) });
      }
      const levels = Object.keys(tones);
      for (const changes of sections.values()) changes.sort((a, b) => levels.indexOf(a.risk) - levels.indexOf(b.risk));
      const earlier = new Map(versions.more[one][2]);
      const shared = images.map(([image, layers]) => {
        const held = new Set(earlier.get(image) ?? []);
        const left = layers.filter((each) => !held.has(each));
        return [image, `${layers.length - left.length} of ${counted(layers.length, "layer")} shared, ${amount(left.reduce((sum, each) => sum + versions.blobs[each], 0))} to fetch`];
      });
      return [[...sections].sort(([a], [b]) => a - b), shared];
    };
    const show = () => {
      const [sections, shared] = differences(Number(older.value), Number(newer.value));
      const compared = document.getElementById("compared");
      compared.replaceChildren();
      if (!sections.length) compared.append(make("p", { class: "empty", text: "Nothing that a release states is different." }));
      else {
        const rendered = ([section]) => sections.length > 1 && versions.sections[section] === "documents";
        const all = sections.filter((each) => !rendered(each)).flatMap(([, changes]) => changes);
        const follow = sections.filter(rendered).flatMap(([, changes]) => changes);
        const levels = Object.keys(tones).map((level) => [level, all.filter((each) => each.risk === level).length]).filter(([, count]) => count);
        compared.append(make("ul", { class: "risks", "aria-label": "Changes by risk" }, ...levels.map(([level, count]) => make("li", {}, badge(`${count} ${level}`, level))), ...(follow.length ? [make("li", { text: `and ${follow.length} in documents, which follow from the rest` })] : [])));
        compared.append(make("ul", { class: "shared" }, ...shared.map(([image, text]) => make("li", {}, make("strong", { text: image }), " ", make("span", { text })))));
      }
      const names = [older, newer].map((each) => versions.releases[Number(each.value)][0]);
      let count = 0;
      for (const [section, changes] of sections) {
        const id = `compared-${++count}`;
        const title = versions.sections[section];
        const body = make("tbody", {}, ...changes.map(({ said, risk, reason, what, scope, old, now }) => {
          const kind = said === "added" || said === "removed" ? said : "changed";
          return make("tr", { class: kind },
            make("td", {}, badge(risk, risk, reason)),
            make("th", { scope: "row" }, make("span", { class: "sign", "aria-hidden": "true", text: signs[kind] }), make("span", { text: what }), make("span", { class: "note", text: `${said}${scope ? `, ${scope}` : ""}: ${reason}` })),
            make("td", {}, ...(old ? [make("del", { text: old })] : [])),
            make("td", {}, ...(now ? [make("ins", { text: now })] : [])));
        }));
        const head = make("thead", {}, make("tr", {}, ...["Risk", "What", ...names].map((text) => make("th", { scope: "col", text }))));
        const table = make("table", { class: "changes", "aria-labelledby": id }, head, body);
        compared.append(make("section", {}, make("details", { class: "section", ...(title === "documents" ? {} : { open: "" }) },
          make("summary", {}, make("h2", { id }, title, " ", make("span", { class: "count", text: changes.length }))),
          make("div", { class: "scroll", role: "region", tabindex: "0", "aria-labelledby": id }, table))));
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
