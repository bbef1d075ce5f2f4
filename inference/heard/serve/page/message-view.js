// The tab for one message: read it, recommend a reply, check a draft.

import { assess, check, isAbort, model, recommend } from "./api.js";
import { assessmentSentence, assessmentView } from "./assess-view.js";
import { draftChecker } from "./check-view.js";
import { contextForm } from "./context-form.js";
import { alertIn, byId, debounce, sendOnCtrlEnter, working } from "./dom.js";
import { recommendationView } from "./reply-view.js";

const EXAMPLE =
  "This is the third time I write about order AX-5512. It was due on Monday, nobody answers, and " +
  "I feel like a fool for waiting at home two days running. I want my money back or I go elsewhere.";
const CONTEXT_WAIT_MS = 300;

/** Set the tab up; returns `open(text)`, which puts a message in and reads it. */
export function messageView() {
  const area = byId("message-text");
  const draft = byId("message-draft");
  const alert = byId("message-alert");
  const results = byId("message-results");
  const button = byId("message-read");
  let readText = null;
  let reading = new AbortController();
  let busy = false;

  const later = debounce(() => {
    if (busy)
      later(); // what is being read was asked for with the context of before
    else if (readText !== null) readAgain();
  }, CONTEXT_WAIT_MS);
  const context = contextForm(byId("message-context"), "message", later);
  const checker = draftChecker(draft, byId("message-findings"), (words, signal) =>
    check(readText, words, context.read(), { signal }),
  );

  async function read() {
    const text = area.value;
    if (busy) return;
    if (!text.trim()) {
      alertIn(alert, "Write or paste a message first.");
      area.focus();
      return;
    }
    later.cancel();
    alertIn(alert, "");
    busy = true;
    const done = working(button, "Reading…");
    results.setAttribute("aria-busy", "true");
    await answer(text, { whole: true });
    results.setAttribute("aria-busy", "false");
    done();
    busy = false;
  }

  /** The context has changed: the reading stays, the reply and the check follow. */
  async function readAgain() {
    alertIn(alert, "");
    await answer(readText, { whole: false });
  }

  async function answer(text, { whole }) {
    reading.abort();
    reading = new AbortController();
    const { signal } = reading;
    const asked = [recommend(text, context.read(), { signal })];
    if (whole) asked.push(assess([text], { signal }), model());
    const [advised, assessed, service] = await Promise.allSettled(asked);
    if (signal.aborted) return;
    const failed = [advised, assessed].find((one) => one?.status === "rejected");
    if (failed && !isAbort(failed.reason)) alertIn(alert, failed.reason.message);
    if (whole && assessed.status === "rejected") return;
    if (whole) showReading(text, assessed.value[0], service.value?.limits);
    byId("message-reply").hidden = advised.status !== "fulfilled";
    if (advised.status === "fulfilled") showReply(advised.value);
    checker.recheck();
  }

  function showReading(text, found, limits) {
    readText = text;
    byId("message-empty").hidden = true;
    byId("message-reading").hidden = false;
    byId("message-draft-card").hidden = false;
    byId("message-assessment").replaceChildren(...assessmentView(text, found, limits));
    byId("message-status").textContent = assessmentSentence(found);
    noticeChange();
    // On a small screen the results lie below what can be seen.
    if (results.getBoundingClientRect().top > window.innerHeight * 0.7) results.scrollIntoView();
  }

  function showReply(advice) {
    byId("message-recommendation").replaceChildren(
      ...recommendationView(advice, (text) => {
        draft.value = text;
        draft.focus();
        checker.recheck();
      }),
    );
  }

  function noticeChange() {
    byId("message-stale").hidden = readText === null || area.value === readText;
  }

  function open(text) {
    area.value = text;
    read();
  }

  byId("message-form").addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
  area.addEventListener("input", () => {
    alertIn(alert, "");
    noticeChange();
  });
  byId("message-example").addEventListener("click", () => {
    area.focus();
    open(EXAMPLE);
  });
  sendOnCtrlEnter(area);
  return open;
}
