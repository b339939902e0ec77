// WhatsApp's markup as DOM nodes. Text only ever becomes text nodes; nothing is read as HTML.

const inline =
  /`([^`\n]+)`|(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\p{L}\p{N}~])/gu;

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child != null));
  return node;
}

export function link(url, label) {
  // Only web addresses become links; `URL` refuses the rest.
  const target = new URL(url);
  if (target.protocol !== "https:" && target.protocol !== "http:") return document.createTextNode(label);
  const node = element("a", "", label);
  node.href = target.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow";
  return node;
}

function address(text) {
  // Punctuation that ends a sentence is no part of the address before it.
  const trail = /[.,;:!?)\]}'"»”]+$/.exec(text)?.[0] ?? "";
  const url = text.slice(0, text.length - trail.length);
  return URL.canParse(url) ? [link(url, url), trail] : [text];
}

function spans(text) {
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(inline)) {
    nodes.push(text.slice(place, match.index));
    place = match.index + match[0].length;
    const [, code, url, bold, italic, struck] = match;
    if (code) nodes.push(element("code", "", code));
    else if (url) nodes.push(...address(url));
    else if (bold) nodes.push(element("strong", "", ...spans(bold)));
    else if (italic) nodes.push(element("em", "", ...spans(italic)));
    else nodes.push(element("s", "", ...spans(struck)));
  }
  nodes.push(text.slice(place));
  return nodes.filter((node) => node !== "");
}

const kinds = [
  ["ul", /^\s*[*-] +(.*)$/],
  ["ol", /^\s*(?:\d+)\. +(.*)$/],
  ["blockquote", /^> ?(.*)$/],
];

function paragraphs(text) {
  const nodes = [];
  let open = null;
  for (const line of text.split("\n")) {
    const [tag, pattern] = kinds.find(([, pattern]) => pattern.test(line)) ?? ["p", /^(.*)$/];
    const content = pattern.exec(line)[1];
    if (tag === "p" && content.trim() === "") {
      open = null;
      continue;
    }
    if (open?.tagName !== tag.toUpperCase()) {
      open = element(tag);
      if (tag === "ol") open.start = Number.parseInt(line, 10);
      nodes.push(open);
    } else if (tag !== "ul" && tag !== "ol") {
      open.append(document.createElement("br"));
    }
    if (tag === "ul" || tag === "ol") open.append(element("li", "", ...spans(content)));
    else open.append(...spans(content));
  }
  return nodes;
}

export function markup(text) {
  const parts = text.split(/```([\s\S]+?)```/);
  return parts.flatMap((part, index) => (index % 2 ? [element("pre", "", part.trim())] : paragraphs(part)));
}
