// Each fragment is one stop of the Tab key; the arrow keys go from token to token in it.
for (const text of document.querySelectorAll(".fragment p")) {
  const tokens = [...text.querySelectorAll("b")];
  tokens.forEach((token, at) => { token.tabIndex = at ? -1 : 0; });
  text.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && tokens[tokens.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
