// Draws the hits of a search one below the other, each with what stands beside it on one line.

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.querySelector(".hits").replaceChildren(...hitElements(data.hits, setTriggerValue));
}

function hitElements(hits, setTriggerValue) {
  return hits.map((hit, number) => {
    const open = () => setTriggerValue("hit", number);
    const left = element("span", "left", [element("span", "", flat(hit.left))]);
    const line = element("div", "hit", [
      button(hit.label, open, `Open ${hit.label}, ${hit.place}`),
      left,
      element("span", "match mark", flat(hit.match)),
      element("span", "right", flat(hit.right)),
    ]);
    line.title = hit.place;
    return line;
  });
}

// On one line a line end is only a sign.
function flat(text) {
  return text.split("\n").flatMap((line, at) => (at ? [element("span", "newline", " "), ...signs(line)] : signs(line)));
}
