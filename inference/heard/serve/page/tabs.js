// Tabs as in the ARIA pattern: arrow keys, Home and End move and select.

/** Make a tab list work; returns a function that selects a tab by name. */
export function makeTabs(list) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const nameOf = (tab) => tab.id.replace("tab-", "");

  function select(name, { focus = false } = {}) {
    const chosen = tabs.find((tab) => nameOf(tab) === name) ?? tabs[0];
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
    }
    if (focus) chosen.focus();
    // In the address, so that a reload or a bookmark comes back to the same tab.
    history.replaceState(null, "", `#${nameOf(chosen)}`);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) select(nameOf(tab));
  });
  list.addEventListener("keydown", (event) => {
    const here = tabs.indexOf(document.activeElement);
    const there = {
      ArrowRight: (here + 1) % tabs.length,
      ArrowLeft: (here - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (here < 0 || there === undefined) return;
    event.preventDefault();
    select(nameOf(tabs[there]), { focus: true });
  });
  const fromAddress = () => {
    const name = location.hash.slice(1);
    if (tabs.some((tab) => nameOf(tab) === name)) select(name);
  };
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
  return select;
}
