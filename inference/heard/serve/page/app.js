// Puts the page together.

import { aboutView } from "./about-view.js";
import { onKeyNeeded } from "./api.js";
import { conversationView } from "./conversation-view.js";
import { alertIn, byId } from "./dom.js";
import { fileView } from "./file-view.js";
import { askKey } from "./key-form.js";
import { messageView } from "./message-view.js";
import { makeTabs } from "./tabs.js";

onKeyNeeded(askKey);
const select = makeTabs(document.querySelector('[role="tablist"]'));
const open = messageView();
conversationView();
fileView((text) => {
  select("message", { focus: true });
  open(text);
});
aboutView((words) => alertIn(byId("page-alert"), words));
