// Requests to this service, and its errors as one sentence each.

const KEY = "heard-key";
const NO_ANSWER = "The service cannot be reached. Check that it is running and try again.";
// Beyond the time that the service was given, an answer is no longer on its way.
const GRACE_MS = 10_000;

let key = storedKey();
let asking = null;
let askForKey = async () => null;
let modelAnswer = null;
let tellModel = () => {};

/** What went wrong, in one sentence; `status` is 0 where nothing was answered at all. */
export class ApiError extends Error {
  constructor(message, status = 0, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export const isAbort = (error) => error?.name === "AbortError";

/** `asker(refused)` gives a key, or null when the person does not want to enter one. */
export function onKeyNeeded(asker) {
  askForKey = asker;
}

/** `listener(answer)` is told of the model once the service has answered. */
export function onModel(listener) {
  tellModel = listener;
}

export const hasKey = () => key !== "";

export function forgetKey() {
  keepKey("");
}

/**
 * Send `body` (or fetch, without one), with `timeout` milliseconds for the service to answer in;
 * waits for a key where the service asks for one.
 */
export async function request(path, body, { signal, timeout = 15_000 } = {}) {
  const sent = body === undefined ? null : JSON.stringify(body);
  if (sent !== null) {
    const { limits } = await model();
    // A service that is set up to allow less refuses a request that names more, and it ends the
    // connection of one that is too large, which would look as if it had stopped.
    timeout = Math.min(timeout, limits.max_timeout_ms ?? timeout);
    if (new Blob([sent]).size > limits.max_body)
      throw new ApiError("This is too long to be sent: shorten it.", 413);
  }
  for (;;) {
    const used = key;
    const response = await send(path, sent, signal, timeout);
    if (response.status !== 401) return answerOf(response, signal);
    await needKey(used);
    signal?.throwIfAborted();
  }
}

export async function assess(texts, options) {
  return (await request("v1/assess", { texts }, options)).results;
}

export async function recommend(text, context, options) {
  return (await request("v1/reply", { text, context }, options)).results[0];
}

export async function check(text, draft, context, options) {
  return (await request("v1/check", { text, draft, context }, options)).results[0];
}

export async function converse(state, options) {
  return (await request("v1/conversation", state, options)).results[0];
}

/** The model and the limits of the service; asked for until it was answered once. */
export function model() {
  modelAnswer ??= request("v1/model").then(
    (answer) => {
      tellModel(answer);
      return answer;
    },
    (error) => {
      modelAnswer = null;
      throw error;
    },
  );
  return modelAnswer;
}

async function send(path, body, signal, timeout) {
  const headers = { Accept: "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== null) {
    headers["Content-Type"] = "application/json";
    headers["X-Request-Timeout-Ms"] = String(timeout);
  }
  const late = AbortSignal.timeout(timeout + GRACE_MS);
  try {
    return await fetch(new URL(path, document.baseURI), {
      method: body === null ? "GET" : "POST",
      headers,
      body,
      signal: signal ? AbortSignal.any([signal, late]) : late,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    throw lost(error, signal);
  }
}

async function answerOf(response, signal) {
  let answer = null;
  try {
    answer = await response.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw lost(error, signal);
  }
  if (response.ok && answer !== null) return answer;
  const message =
    answer?.error?.message ?? `The service answered with an error (${response.status}).`;
  const wait = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  throw new ApiError(message, response.status, Number.isFinite(wait) ? wait : null);
}

function lost(error, signal) {
  if (signal?.aborted) return signal.reason;
  if (error?.name === "TimeoutError")
    return new ApiError("The service did not answer in time. Try again.");
  return new ApiError(NO_ANSWER);
}

// Several requests may be refused at once: one form serves them all, and a request that was sent
// before the key was entered is simply sent again.
async function needKey(used) {
  if (used !== key) return;
  asking ??= askForKey(used !== "").finally(() => {
    asking = null;
  });
  const given = await asking;
  if (!given) throw new ApiError("This service asks for a key: enter one to go on.", 401);
  keepKey(given);
}

function keepKey(given) {
  key = given;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // Storage may be switched off; the key then lasts until the page is left.
  }
}

function storedKey() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
