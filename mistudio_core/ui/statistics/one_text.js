// Draws a text as several tokenizers cut it, one above the other: tables as wide as the page, a column for each part of
// the text and a row for each tokenizer.

const CHARACTER_PX = 9;
const CELL_PX = 7;
const LABEL_SHARE = 0.2;
const COLOURS = 4;
const watching = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".cuts");
  let width = 0;
  const draw = () => {
    if (Math.abs(root.clientWidth - width) < 2) return;
    width = root.clientWidth;
    const starts = data.names.map(() => 0);
    root.replaceChildren(...lines(data.pieces, width * (1 - LABEL_SHARE)).map((pieces) => table(data.names, pieces, starts)));
  };
  watching.get(root)?.disconnect();
  const observer = new ResizeObserver(draw);
  observer.observe(root);
  watching.set(root, observer);
  draw();
  return () => observer.disconnect();
}

// As many parts as fit on a line, at least one.
function lines(pieces, width) {
  const found = [];
  let room = 0;
  for (const piece of pieces) {
    const wide = Math.max(...piece.cells.map(cellWidth)) + CELL_PX;
    if (!found.length || wide > room) {
      found.push([]);
      room = width;
    }
    found.at(-1).push(piece);
    room -= wide;
  }
  return found;
}

function cellWidth(tokens) {
  return tokens.reduce((sum, [, text]) => sum + [...text].length * CHARACTER_PX + 3, 0);
}

function table(names, pieces, starts) {
  const rows = names.map((name, place) => {
    const head = element("th", "", name);
    head.scope = "row";
    head.title = name;
    return element("tr", "", [head, ...pieces.map((piece) => cell(piece, place, starts))]);
  });
  return element("table", "", [element("tbody", "", rows)]);
}

// Colours alternate along a row, so that the eye finds where a token ends; they mean nothing else.
function cell(piece, place, starts) {
  const spans = piece.cells[place].map(([id, text, special]) => {
    const span = element("span", `token ${special ? "special" : `c${starts[place]++ % COLOURS}`}`, flat(text));
    span.title = `id ${id}`;
    return span;
  });
  const made = element("td", piece.differs ? "differs" : "", spans);
  if (piece.differs) made.title = "cut differently";
  return made;
}

function flat(text) {
  return text.split("\n").flatMap((line, at) => (at ? [element("span", "newline", " "), ...signs(line)] : signs(line)));
}
