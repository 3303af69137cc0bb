/* Keys for what the buttons do.  They leave text fields, open dialogs and everything with Ctrl, Alt or Meta alone. */

const ACTIONS = {
  a: "add", d: "decline", s: "later", u: "undo", j: "next", k: "previous", g: "order", "/": "search", "?": "help",
  " ": "read",
};
const REPEATED = ["next", "previous", "read"];
const TYPING = "input, select, textarea, dialog";
const PRESSED = "a, button, #text"; // the space bar is theirs

/** Calls `act(action, number)` at each key of ours, while `wanted()`; the number is -1 with Shift. */
export const listen = (act, wanted) => {
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !wanted()) return;
    if (target.closest?.(TYPING)) return;
    const known = key.length === 1 ? key.toLowerCase() : key;
    const action = /^[1-9]$/.test(key) ? "choose" : Object.hasOwn(ACTIONS, known) ? ACTIONS[known] : "";
    if (action === "read" && (target.closest?.(PRESSED) || document.body.clientHeight > innerHeight)) return;
    if (!action || (event.repeat && !REPEATED.includes(action))) return;
    event.preventDefault();
    act(action, event.shiftKey ? -1 : Number(key));
  });
};
