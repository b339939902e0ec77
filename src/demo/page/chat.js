// The customer's phone. It shows what the server's events tell; whatever anyone wrote is shown as text.

import { element, link, markup } from "./markup.js";
import { language, locale, words } from "./words.js";

const at = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const percent = new Intl.NumberFormat(locale, { style: "percent" });
const seconds = new Intl.NumberFormat(locale, { style: "unit", unit: "second", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const TYPING_LASTS = 25_000;

let customer = remembered() ?? fresh();
let source = null;
let live = false;
let typingEnds = 0;
let asked = 0;
const bubbles = new Map();

// --- Who writes -----------------------------------------------------------------------------------------------------

function remembered() {
  try {
    return localStorage.getItem("customer");
  } catch {
    return null;
  }
}

function fresh() {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    localStorage.setItem("customer", id);
  } catch {
    // Without storage a reload is a new customer.
  }
  return id;
}

function begin() {
  source?.close();
  live = false;
  bubbles.clear();
  at("log").replaceChildren();
  at("empty").hidden = false;
  stopTyping();
  journey(null);
  source = new EventSource(`/chat/events?customer=${customer}`);
  source.addEventListener("message", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("ready", () => {
    live = true;
    presence(words.presence);
    scroll("instant");
  });
  source.addEventListener("error", () => presence(words.offline));
  source.addEventListener("open", () => presence(words.presence));
}

// --- What happens ---------------------------------------------------------------------------------------------------

function tell(event) {
  const show = { mine, reply, arrived, read, reaction, typing }[event.kind];
  show?.(event);
}

function mine(event) {
  const tick = element("span", "tick");
  const bubble = add("mine", event, element("div", "body", ...markup(event.text)), tick);
  mark(bubble, "sending");
  asked = performance.now();
  journey("in");
}

function arrived(event) {
  const bubble = bubbles.get(event.id);
  if (!bubble || bubble.dataset.state === "read") return;
  mark(bubble, event.taken ? "arrived" : "lost");
}

function read(event) {
  for (const [id, bubble] of bubbles) {
    // Reading a message reads the earlier ones as well.
    if (bubble.dataset.state && bubble.dataset.state !== "lost") mark(bubble, "read");
    if (id === event.id) break;
  }
  journey("think");
}

function typing() {
  if (!live) return;
  const ends = performance.now() + TYPING_LASTS;
  typingEnds = ends;
  at("typing").hidden = false;
  presence(words.typing);
  scroll();
  setTimeout(() => typingEnds === ends && stopTyping(), TYPING_LASTS);
}

function stopTyping() {
  typingEnds = 0;
  at("typing").hidden = true;
  presence(words.presence);
}

function reaction(event) {
  const bubble = bubbles.get(event.on);
  if (!bubble) return;
  bubble.querySelector(".reaction")?.remove();
  if (event.emoji) bubble.querySelector(".bubble").append(element("span", "reaction", event.emoji));
}

function reply(event) {
  stopTyping();
  const parts = [
    event.header && element("p", "head", event.header),
    attachment(event),
    element("div", "body", ...markup(event.text)),
    event.footer && element("p", "foot", event.footer),
  ];
  const bubble = add("theirs", event, ...parts);
  if (event.link.url) bubble.append(element("div", "choices", linkChip(event.link)));
  if (event.choices.length) bubble.append(choices(event));
  if (event.explained) explain(bubble, event.id);
  journey("out");
  scroll();
}

function add(side, event, ...parts) {
  const time = element("time", "", clock.format(new Date(event.at)));
  time.dateTime = event.at;
  const tick = parts.at(-1)?.classList?.contains("tick") ? parts.pop() : null;
  const speaker = element("span", "hidden", side === "mine" ? `${words.you}: ` : `${at("business").textContent}: `);
  const bubble = element("div", "bubble", speaker, ...parts.filter(Boolean), element("p", "stamp", time, tick));
  // The hidden speaker must not decide in which direction the words run.
  for (const part of bubble.querySelectorAll(".body, .head, .foot")) part.dir = "auto";
  const item = element("li", `message ${side}`, bubble);
  if (live) item.classList.add("arriving");
  bubbles.set(event.id, item);
  at("empty").hidden = true;
  at("log").append(item);
  scroll();
  return item;
}

// --- Parts of a message ---------------------------------------------------------------------------------------------

const ticks = {
  sending: "M12 8v4.5l2.5 1.5M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z",
  arrived: "m6 12.5 4 4 8-9",
  read: "m2.5 12.5 4 4 8-9M12.5 16.5l8.5-9",
  lost: "M12 7v6m0 3.5v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
};

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

function mark(item, state) {
  item.dataset.state = state;
  const label = element("span", state === "lost" ? "" : "hidden", words[state]);
  item.querySelector(".tick").replaceChildren(icon(ticks[state]), label);
}

function attachment(event) {
  if (!["image", "video", "document", "audio", "sticker"].includes(event.type)) return null;
  const label = event.file.name ?? words.file;
  const content = event.file.url && URL.canParse(event.file.url) ? link(event.file.url, label) : label;
  return element("p", "file", icon("M14 3v5h5M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z"), content);
}

function linkChip(target) {
  const chip = URL.canParse(target.url) ? link(target.url, target.label ?? target.url) : element("span", "", target.label ?? "");
  chip.className = "chip";
  return chip;
}

function choices(event) {
  const group = element("div", event.list ? "choices rows" : "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", event.list ?? words.choose);
  let section = null;
  for (const choice of event.choices) {
    if (choice.section && choice.section !== section) group.append(element("p", "section", choice.section));
    section = choice.section;
    const chip = element("button", "chip", element("span", "", choice.title));
    chip.type = "button";
    if (choice.description) chip.append(element("small", "", choice.description));
    chip.addEventListener("click", () => tap(group, chip, event.id, choice.id));
    group.append(chip);
  }
  return group;
}

async function tap(group, chip, message, choice) {
  const chips = group.querySelectorAll("button");
  chips.forEach((other) => (other.disabled = true));
  chip.setAttribute("aria-pressed", "true");
  if (await post({ choice, message })) return at("text").focus({ preventScroll: true });
  chips.forEach((other) => (other.disabled = false));
  chip.removeAttribute("aria-pressed");
}

// --- Why this answer ------------------------------------------------------------------------------------------------

async function explain(bubble, id) {
  const owner = customer;
  const answer = await fetch(`/chat/details?customer=${owner}&message=${encodeURIComponent(id)}`).catch(() => null);
  if (answer?.status !== 200 || owner !== customer) return;
  bubble.append(why(await answer.json()));
  scroll();
}

function why(told) {
  const summary = element("summary", "", element("span", "label", words.why), ...brief(told));
  const list = element("dl");
  const entry = (name, ...values) => list.append(element("dt", "", name), element("dd", "", ...values));
  if (told.action || told.reason) {
    const action = told.action && element("span", "action", words.actions[told.action.toLowerCase()] ?? told.action);
    entry(words.action, action, told.reason && element("span", "reason", told.reason));
  }
  if (Number.isFinite(told.confidence)) entry(words.confidence, meter(told.confidence), percent.format(told.confidence));
  if (Number.isFinite(told.total_ms)) entry(words.time, seconds.format(told.total_ms / 1000));
  const sources = (told.sources ?? []).map(sourceRow);
  entry(words.sources, sources.length ? element("ul", "sources", ...sources) : words.noSources);
  return element("details", "why", summary, list);
}

function brief(told) {
  const facts = [];
  if (Number.isFinite(told.confidence)) {
    const level = told.confidence >= 0.75 ? "high" : told.confidence >= 0.5 ? "middle" : "low";
    const fact = element("span", `fact ${level}`, percent.format(told.confidence));
    fact.title = words.confidence;
    facts.push(fact);
  }
  if (Number.isFinite(told.total_ms)) facts.push(element("span", "fact", seconds.format(told.total_ms / 1000)));
  return facts;
}

function sourceRow(source) {
  const path = element("span", "path", element("span", "name", source.file ?? ""));
  if (source.heading) path.append(element("span", "heading", source.heading.replaceAll(" > ", " › ")));
  return element("li", "", path, Number.isFinite(source.score) ? meter(source.score) : null);
}

function meter(value) {
  const bounded = Math.min(Math.max(value, 0), 1);
  const fill = element("i");
  fill.style.width = `${bounded * 100}%`;
  const node = element("span", "meter", fill);
  node.setAttribute("role", "meter");
  node.setAttribute("aria-valuemin", "0");
  node.setAttribute("aria-valuemax", "1");
  node.setAttribute("aria-valuenow", bounded.toFixed(2));
  node.setAttribute("aria-label", percent.format(bounded));
  node.title = percent.format(bounded);
  return node;
}

// --- Around the conversation ----------------------------------------------------------------------------------------

function presence(text) {
  if (at("presence").textContent !== text) at("presence").textContent = text;
}

function journey(step) {
  const order = ["in", "think", "out"];
  if (!live && step) return;
  for (const [index, name] of order.entries()) {
    const item = at(`step-${name}`);
    item.classList.toggle("done", step !== null && (index < order.indexOf(step) || step === "out"));
    item.classList.toggle("now", name === step && step !== "out");
    item.querySelector(".took")?.remove();
  }
  if (step === "out" && asked) {
    at("step-out").append(element("span", "took", seconds.format((performance.now() - asked) / 1000)));
  }
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function scroll(behavior = calm.matches ? "instant" : "smooth") {
  if (!live && behavior !== "instant") return;
  const area = at("scroll");
  requestAnimationFrame(() => area.scrollTo({ top: area.scrollHeight, behavior }));
}

async function post(message) {
  const answer = await fetch("/chat/messages", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ customer, ...message }),
  }).catch(() => null);
  at("notice").hidden = Boolean(answer?.ok);
  at("notice").textContent = answer?.ok ? "" : words.notSent;
  return Boolean(answer?.ok);
}

const field = at("text");

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  at("send").disabled = field.value.trim() === "";
}

async function send() {
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  fit();
  if (await post({ text })) return;
  // What could not be sent is given back, unless something new was written meanwhile.
  field.value ||= text;
  fit();
}

field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
  field.focus();
});
at("new").addEventListener("click", () => {
  customer = fresh();
  begin();
  field.focus();
});

async function setUp() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-words]")) node.textContent = words[node.dataset.words];
  at("log").setAttribute("aria-label", words.log);
  at("new").title = words.fresh;
  field.placeholder = words.write;
  fit();
  const setup = await fetch("/chat/setup").then((answer) => answer.json());
  const initial = [...setup.business.trim()][0]?.toLocaleUpperCase(locale) ?? "A";
  document.title = setup.business;
  at("business").textContent = setup.business;
  at("hello").textContent = words.hello.replace("{business}", setup.business);
  at("avatar").textContent = initial;
  at("avatar-large").textContent = initial;
  for (const example of setup.examples) {
    const chip = element("button", "chip", example);
    chip.type = "button";
    chip.addEventListener("click", () => post({ text: example }).then(() => field.focus({ preventScroll: true })));
    at("examples").append(element("li", "", chip));
  }
  if (!setup.examples.length) document.querySelector(".empty p").textContent = words.hintBare;
}

presence(words.presence);
await setUp();
begin();
