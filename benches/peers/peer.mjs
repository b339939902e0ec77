// llama.cpp as a peer to measure Atiende's engine against.
//
// Benchmarks start this program, send it one JSON request a line on stdin, and read one JSON response a line from
// stdout; anything for a person goes to stderr. It runs llama.cpp's prebuilt CPU binary through node-llama-cpp, with
// the settings llama.cpp itself defaults to: mmap, flash attention where the model allows it, batches of 512 tokens.
//
// It is never part of the product: nothing in it is built, shipped or started by Atiende, and it neither downloads
// models, nor builds llama.cpp, nor touches the network.
//
//   npm ci --ignore-scripts --prefix benches/peers
//   [CONTEXT=4096] node benches/peers/peer.mjs MODEL.gguf THREADS
//
//   (on start)                                     {"ready":true,"load_ms":…,"version":"…"}
//   {"op":"tokenize","text":T}                     {"tokens":…}
//   {"op":"prefill","text":T}                      {"tokens":…,"ms":…}
//   {"op":"generate","text":T,"max_tokens":K,"keep":false}
//       {"prompt_tokens":…,"evaluated":…,"tokens":…,"prefill_ms":…,"decode_ms":…,"text":"…"}
//   {"op":"memory"}                                {"peak_kb":…}
//   (anything else)                                {"error":"…"}
//
// T is a rendered chat prompt: special tokens in it are parsed, and none is added. Clocks start after tokenization.
// `prefill_ms` ends when the first generated token is known, `decode_ms` when the last one is: it covers `tokens` - 1.
// `load_ms` is from the start of the process until one token has been evaluated, so that nothing is left to be
// loaded lazily. `peak_kb` is of the whole process, Node included.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { getLlama, getModuleVersion } from "node-llama-cpp";

const BATCH = 512;

const { modelPath, threads, contextSize } = settings();
const { llama, model, sequence } = await load();
const operations = { tokenize, prefill, generate, memory };

respond({ ready: true, load_ms: round(performance.now()), version: await version() });
for await (const line of createInterface({ input: process.stdin })) {
  respond(await answer(line));
}
await llama.dispose();

// --- Loading --------------------------------------------------------------------------------------------------------

function settings() {
  const [modelPath, threads, ...rest] = [process.argv[2], ...process.argv.slice(3).map(Number)];
  const contextSize = Number(process.env.CONTEXT ?? 4096);
  if (rest.length > 0 || !isCount(threads) || !isCount(contextSize)) {
    console.error("usage: [CONTEXT=4096] node peer.mjs MODEL.gguf THREADS");
    process.exit(2);
  }
  return { modelPath, threads, contextSize };
}

async function load() {
  const llama = await getLlama({
    build: "never",
    gpu: false,
    // No limit of the library's own, so that the context gets exactly the threads it asks for.
    maxThreads: 0,
    logLevel: "disabled",
    logger: () => {},
    progressLogs: false,
  });
  const binding = { ms: performance.now(), kb: await peak() };
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize,
    batchSize: Math.min(BATCH, contextSize),
    threads: { ideal: threads, min: threads },
  });
  const sequence = context.getSequence();
  const loaded = performance.now();
  for await (const _ of sequence.evaluate([model.tokens.bos ?? model.tokens.eos ?? 0])) break;
  await sequence.clearHistory();
  if (context.currentThreads !== threads) {
    throw new Error(`llama.cpp computes on ${context.currentThreads} threads, not ${threads}`);
  }
  console.error(
    `node and binding ${round(binding.ms)} ms and ${binding.kb} kB, model ${round(loaded - binding.ms)} ms,`,
    `first token ${round(performance.now() - loaded)} ms;`,
    `${threads} threads, context ${context.contextSize}, batch ${context.batchSize}, mmap ${model.useMmap},`,
    `flash attention ${context.flashAttention}; ${llama.systemInfo}`,
  );
  return { llama, model, sequence };
}

async function version() {
  const { repo, release } = llama.llamaCppRelease;
  return `node-llama-cpp ${await getModuleVersion()}, ${repo} ${release}`;
}

// --- Requests -------------------------------------------------------------------------------------------------------

async function answer(line) {
  try {
    const request = JSON.parse(line);
    if (!Object.hasOwn(operations, request?.op)) throw new TypeError("`op` is none of this program's");
    return await operations[request.op](request);
  } catch (error) {
    return { error: error.message };
  }
}

function tokenize({ text }) {
  return { tokens: tokensOf(text).length };
}

async function prefill({ text }) {
  const tokens = prompt(text);
  const start = performance.now();
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens);
  return { tokens: tokens.length, ms: round(performance.now() - start) };
}

async function generate({ text, max_tokens, keep = false }) {
  if (!isCount(max_tokens)) throw new TypeError("`max_tokens` is not a positive integer");
  if (typeof keep !== "boolean") throw new TypeError("`keep` is not a boolean");
  const tokens = prompt(text, max_tokens);

  const start = performance.now();
  // Without the last token: what follows it is known only by evaluating it. Nothing is shifted to another position.
  if (keep) await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  else await sequence.clearHistory();
  const rest = tokens.slice(sequence.nextTokenIndex);

  const generated = [];
  const times = [];
  for await (const token of sequence.evaluate(rest, { temperature: 0 })) {
    times.push(performance.now());
    if (generated.push(token) === max_tokens) break;
  }
  // The end of generation is not counted, but a model may end at once: then it is what the prompt led to.
  if (times.length === 0) times.push(performance.now());
  const [first, last] = [times[0], times.at(-1)];

  return {
    prompt_tokens: tokens.length,
    evaluated: rest.length,
    tokens: generated.length,
    prefill_ms: round(first - start),
    decode_ms: round(last - first),
    text: model.detokenize(generated),
  };
}

async function memory() {
  return { peak_kb: await peak() };
}

// --- Helpers --------------------------------------------------------------------------------------------------------

/** The tokens of a prompt that can be evaluated whole: the library would silently drop from its beginning otherwise. */
function prompt(text, generated = 1) {
  const tokens = tokensOf(text);
  if (tokens.length === 0) throw new RangeError("there is nothing to evaluate");
  if (tokens.length + generated > sequence.contextSize) {
    throw new RangeError(`${tokens.length} + ${generated} tokens exceed the context of ${sequence.contextSize}`);
  }
  return tokens;
}

function tokensOf(text) {
  if (typeof text !== "string") throw new TypeError("`text` is not a string");
  return model.tokenize(text, true);
}

async function peak() {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(await readFile("/proc/self/status", "utf8"))[1]);
}

function isCount(value) {
  return Number.isSafeInteger(value) && value > 0;
}

function round(ms) {
  return Math.round(ms * 1000) / 1000;
}

function respond(response) {
  process.stdout.write(`${JSON.stringify(response)}\n`);
}
