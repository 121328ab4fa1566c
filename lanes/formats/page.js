// Filters and pages for the list of changes outside. All else on the page is there without this.
"use strict";

const PAGE = 100; // rows
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const { branches } = read("audit");
const { pages, dates, verbs } = read("more");
const form = document.getElementById("filters");
const body = document.querySelector(".rows tbody");
const state = document.getElementById("state");

// A path may be quoted as C does it; the quotes are no part of it.
const plain = ({ path, quoted }) => (quoted ? path.slice(1, -1) : path) ?? "";
const isPart = (part, whole) => whole.toLowerCase().includes(part.toLowerCase());

function topFolder(violation) {
  const path = plain(violation);
  return path.slice(0, path.indexOf("/") + 1) || "/";
}

const changes = [];
for (const branch of branches) {
  for (const violation of branch.violations) {
    changes.push({ branch, violation });
  }
}

// What a change has, for each choice that can be made. An empty name stands for no lane.
const CHOICES = {
  lane: ({ branch }) => [branch.lane ?? ""],
  // In merged history a branch can have come by several merges, or have no name.
  branch: ({ branch }) => [branch.branch, branch.merge].filter((name) => name && name !== branch.tip),
  folder: ({ violation }) => (violation.path === null ? [] : [topFolder(violation)]),
  owner: ({ violation }) => {
    const nobody = violation.reason === "no-lane" || violation.reason === "protected" ? [] : [""];
    return violation.lanes.length ? violation.lanes : nobody;
  },
  reason: ({ violation }) => [violation.reason],
};
const TEXTS = {
  author: ({ violation }, part) => isPart(part, violation.author ?? ""),
  path: ({ violation }, part) => isPart(part, violation.path ?? "") || isPart(part, plain(violation)),
};
const NO_LANE = "no lane";

let chosen = new URLSearchParams();
let found = changes;
let page = 1;

function label(name, value) {
  if (name === "folder" && value === "/") return "files in no folder";
  if (name === "branch" && !value.startsWith("refs/")) return `commit ${value.slice(0, 12)}`;
  return value === "" ? NO_LANE : value.replace(/^refs\/heads\//, "");
}

function fillChoices() {
  for (const [name, values] of Object.entries(CHOICES)) {
    const all = new Set(changes.flatMap(values));
    for (const value of [...all].sort()) {
      form.elements[name].add(new Option(label(name, value), value));
    }
  }
  const authors = new Set(changes.map(({ violation }) => violation.author));
  for (const author of [...authors].filter(Boolean).sort().slice(0, 1000)) {
    document.getElementById("authors").append(new Option(author));
  }
}

// -- The part of the URL behind #, which holds all that was chosen

function fromUrl() {
  const fragment = location.hash.slice(1);
  if (fragment && !fragment.includes("=")) return false; // it is the name of a part of this page
  chosen = new URLSearchParams(fragment);
  page = Number.parseInt(chosen.get("page"), 10) || 1;
  chosen.delete("page");
  return true;
}

function toUrl() {
  const fragment = new URLSearchParams(chosen);
  if (page > 1) fragment.set("page", page);
  if ([...fragment].length) history.replaceState(null, "", `#${fragment}`);
  else if (location.hash.includes("=")) history.replaceState(null, "", "#");
}

function fromForm() {
  chosen = new URLSearchParams();
  for (const name of Object.keys(CHOICES)) {
    const select = form.elements[name];
    if (select.selectedIndex > 0) chosen.set(name, select.value);
  }
  for (const name of Object.keys(TEXTS)) {
    if (form.elements[name].value) chosen.set(name, form.elements[name].value);
  }
  page = 1;
}

function toForm() {
  for (const name of Object.keys(CHOICES)) {
    const select = form.elements[name];
    const options = [...select.options].slice(1);
    select.selectedIndex = options.findIndex(({ value }) => value === chosen.get(name)) + 1;
  }
  for (const name of Object.keys(TEXTS)) form.elements[name].value = chosen.get(name) ?? "";
}

// -- The rows

function filter() {
  const tests = [];
  for (const [name, values] of Object.entries(CHOICES)) {
    if (chosen.has(name)) tests.push((change) => values(change).includes(chosen.get(name)));
  }
  for (const [name, holds] of Object.entries(TEXTS)) {
    if (chosen.has(name)) tests.push((change) => holds(change, chosen.get(name)));
  }
  found = changes.filter((change) => tests.every((test) => test(change)));
}

function element(name, content, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...[content].flat());
  return made;
}

function commitCell({ commit, summary }) {
  if (commit === null) return ["the whole branch"];
  const id = element("code", commit.slice(0, 12));
  const link = pages && element("a", id, { href: pages + commit, rel: "noreferrer" });
  const date = element("span", dates[commit] ?? "", { className: "muted" });
  return [link || id, " ", date, document.createElement("br"), element("bdi", summary ?? "")];
}

function changeCell({ path, status }) {
  return path === null ? ["no lane covers it"] : [`${verbs[status]} `, element("code", element("bdi", path))];
}

function row({ branch, violation }) {
  const owners = violation.lanes.length ? violation.lanes : [NO_LANE];
  const whose = violation.reason === "protected" ? `${NO_LANE} (protected)` : owners.join(", ");
  const made = document.createElement("tr");
  const cells = [
    ["Commit", commitCell(violation)],
    ["Author", element("bdi", violation.author ?? "")],
    ["Branch", element("bdi", branch.branch.replace(/^refs\/heads\//, ""))],
    ["Change", changeCell(violation)],
    ["Reason", violation.reason],
    ["May be written by", element("bdi", whose)],
  ];
  for (const [label, content] of cells) {
    const cell = element(label === "Commit" ? "th" : "td", content);
    if (label === "Commit") cell.scope = "row";
    cell.dataset.label = label;
    made.append(cell);
  }
  return made;
}

function show() {
  const last = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 1), last);
  const begin = (page - 1) * PAGE;
  const rows = found.slice(begin, begin + PAGE);
  body.replaceChildren(...rows.map(row));
  const number = (value) => value.toLocaleString("en");
  const part = found.length === changes.length ? "" : ` that were chosen, of ${number(changes.length)} in all`;
  state.textContent = found.length
    ? `${number(begin + 1)} to ${number(begin + rows.length)} of ${number(found.length)} changes outside${part}`
    : `No change outside is like that, of ${number(changes.length)} in all`;
  for (const pager of document.querySelectorAll(".pages")) pager.hidden = last === 1;
  for (const button of document.querySelectorAll("[data-step]")) {
    const to = page + Number(button.dataset.step);
    button.disabled = to < 1 || to > last;
  }
}

function update() {
  filter();
  show();
}

function follow() {
  if (!fromUrl()) {
    toUrl();
    return;
  }
  toForm();
  update();
  if ([...chosen].length) {
    const heading = document.getElementById("violations");
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
  }
}

if (changes.length) {
  fillChoices();
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    fromForm();
    toUrl();
    update();
  });
  form.addEventListener("reset", () => {
    chosen = new URLSearchParams();
    page = 1;
    toUrl();
    update();
  });
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      page += Number(button.dataset.step);
      toUrl();
      show();
      if (button.disabled) state.focus();
      body.closest("table").scrollIntoView();
    });
  }
  addEventListener("hashchange", follow);
  update();
  follow();
}
