// Many messages through the service, in parts that it takes, with patience where it is busy.

import { ApiError, assess } from "./api.js";

const MOST_ITEMS = 64;
const TIMEOUT_MS = 60_000;
const MOST_UNREADY = 20;
const USUAL_WAIT_S = 2;
// Room for what a request holds besides the messages.
const SPARE_BYTES = 4096;

/** Cut texts into batches, as `[start, end]`, that keep the limits of items and of bytes. */
export function batches(texts, limits) {
  const most = Math.max(1, Math.min(limits.max_items, MOST_ITEMS));
  const room = limits.max_body - SPARE_BYTES;
  const encoder = new TextEncoder();
  const found = [];
  let start = 0;
  let bytes = 0;
  for (const [i, text] of texts.entries()) {
    const size = encoder.encode(JSON.stringify(text)).length + 1;
    if (i > start && (i - start === most || bytes + size > room)) {
      found.push([start, i]);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < texts.length) found.push([start, texts.length]);
  return found;
}

/**
 * Assess all texts in their order. `taken(assessments)` is called after each batch, `waiting(s)`
 * where the service asked to wait. Ends early, with an AbortError, when `signal` is aborted.
 */
export async function assessAll(texts, limits, { signal, taken, waiting }) {
  for (const [start, end] of batches(texts, limits)) {
    taken(await assessBatch(texts.slice(start, end), signal, waiting));
  }
}

async function assessBatch(texts, signal, waiting) {
  for (let unready = 0; ;) {
    signal.throwIfAborted();
    try {
      return await assess(texts, { signal, timeout: TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 504 && texts.length > 1) return halves(texts, signal, waiting);
      if (error.status === 503) unready += 1;
      const again = error.status === 429 || (error.status === 503 && unready <= MOST_UNREADY);
      if (!again) throw error;
      const seconds = error.retryAfter ?? USUAL_WAIT_S;
      waiting(seconds);
      await pause(seconds * 1000, signal);
    }
  }
}

/** A slow machine may not finish a whole batch in the time that a request is allowed. */
async function halves(texts, signal, waiting) {
  const middle = Math.ceil(texts.length / 2);
  const first = await assessBatch(texts.slice(0, middle), signal, waiting);
  return [...first, ...(await assessBatch(texts.slice(middle), signal, waiting))];
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), {
      once: true,
    });
  });
}
