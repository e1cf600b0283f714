/** The script of the mapping report: draws chips on a canvas that zooms, and trees of nets on top. */

/** Plain JavaScript for browsers; `data` is a {@link MappingData} in the element `data`. */
export const MAPPING_SCRIPT = `
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const column = (text, type) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new type(bytes.buffer);
};
const x = column(data.x, Uint16Array), y = column(data.y, Uint16Array);
const board = column(data.board, Uint16Array), entries = column(data.entries, Uint16Array);
const used = column(data.used, Uint8Array), cores = column(data.cores, Uint8Array);
const load = column(data.load, Float32Array);
const STEP = [[1, 0], [1, 1], [0, 1], [-1, 0], [-1, -1], [0, -1]];
const DIRECTIONS = ['east', 'north-east', 'north', 'west', 'south-west', 'south'];
const ROW = Math.sqrt(3) / 2;
const chipAt = new Map(Array.from(x, (column, chip) => [column + ',' + y[chip], chip]));
const centre = (column, row) => [column - row / 2, -row * ROW];
const largest = (values) => values.reduce((most, value) => Math.max(most, value), 0) || 1;
const chipLoad = Float32Array.from(x, (_, chip) => largest(load.subarray(6 * chip, 6 * chip + 6)));
const mostLoad = largest(load);
const MODES = {
  cores: (chip) => used[chip] / Math.max(1, cores[chip]),
  entries: (chip) => entries[chip] / 1023,
  load: (chip) => (load.subarray(6 * chip, 6 * chip + 6).some((each) => each > 0) ? chipLoad[chip] / mostLoad : 0),
  boards: (chip) => ((board[chip] * 0.618034) % 1),
};

const canvas = document.getElementById('machine');
const pen = canvas.getContext('2d');
const mode = document.getElementById('mode');
const net = document.getElementById('net');
const about = document.getElementById('about');
let view, marked = -1;

function fit() {
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
  const corners = [[0, 0], [data.width, 0], [0, data.height], [data.width, data.height]].map(([a, b]) => centre(a, b));
  const [left, right] = [Math.min(...corners.map(([a]) => a)) - 1, Math.max(...corners.map(([a]) => a)) + 1];
  const [top, bottom] = [Math.min(...corners.map(([, b]) => b)) - 1, 1];
  const scale = Math.min(canvas.width / (right - left), canvas.height / (bottom - top));
  view = { scale, x: canvas.width / 2 - ((left + right) / 2) * scale, y: canvas.height / 2 - ((top + bottom) / 2) * scale };
}

const place = (column, row) => {
  const [a, b] = centre(column, row);
  return [view.x + a * view.scale, view.y + b * view.scale];
};

function hexagon(a, b, radius) {
  pen.beginPath();
  for (let corner = 0; corner < 6; corner++) {
    const angle = Math.PI / 6 + (corner * Math.PI) / 3;
    pen.lineTo(a + radius * Math.cos(angle), b + radius * Math.sin(angle));
  }
  pen.closePath();
}

function colour(share) {
  if (mode.value === 'boards') return 'hsl(' + Math.round(share * 360) + ' 45% 60%)';
  return 'hsl(210 ' + Math.round(25 + 60 * share) + '% ' + Math.round(90 - 65 * Math.min(1, share)) + '%)';
}

function draw() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const radius = (view.scale / Math.sqrt(3)) * 0.96;
  for (let chip = 0; chip < data.chips; chip++) {
    const [a, b] = place(x[chip], y[chip]);
    if (a < -view.scale || b < -view.scale || a > canvas.width + view.scale || b > canvas.height + view.scale) continue;
    pen.fillStyle = colour(MODES[mode.value](chip));
    if (view.scale < 6) pen.fillRect(a - view.scale / 2, b - view.scale / 2, view.scale, view.scale * ROW);
    else { hexagon(a, b, radius); pen.fill(); }
    if (view.scale > 60) { pen.fillStyle = '#000'; pen.fillText(x[chip] + ',' + y[chip], a - 8, b + 4); }
  }
  if (mode.value === 'load' && view.scale > 12) links();
  if (marked >= 0) { const [a, b] = place(x[marked], y[marked]); hexagon(a, b, radius); pen.strokeStyle = '#d55e00'; pen.lineWidth = 3; pen.stroke(); }
  const shown = data.nets.find(({ name }) => name === net.value);
  if (shown) tree(shown.tree);
}

function line(chip, link, width, paint) {
  const [a, b] = place(x[chip], y[chip]);
  const [c, d] = place(x[chip] + STEP[link][0], y[chip] + STEP[link][1]);
  pen.beginPath(); pen.moveTo(a, b); pen.lineTo(c, d);
  pen.strokeStyle = paint; pen.lineWidth = width; pen.stroke();
}

function links() {
  for (let chip = 0; chip < data.chips; chip++) {
    for (let link = 0; link < 6; link++) {
      const share = load[6 * chip + link] / mostLoad;
      if (share > 0) line(chip, link, Math.max(1, share * view.scale * 0.2), 'rgb(0 0 0 / ' + (0.15 + 0.6 * share) + ')');
    }
  }
}

function tree(nodes) {
  for (let node = 0; node < nodes.length; node += 2) {
    for (let link = 0; link < 6; link++) {
      if (nodes[node + 1] & (1 << link)) line(nodes[node], link, Math.max(2, view.scale * 0.12), '#d55e00');
    }
    if (nodes[node + 1] >>> 6) dot(nodes[node], '#009e73');
  }
  dot(nodes[0], '#000');
}

function dot(chip, paint) {
  const [a, b] = place(x[chip], y[chip]);
  pen.beginPath(); pen.arc(a, b, Math.max(2, view.scale * 0.2), 0, 2 * Math.PI);
  pen.fillStyle = paint; pen.fill();
}

function chipUnder(event) {
  const box = canvas.getBoundingClientRect();
  const a = ((event.clientX - box.left) * devicePixelRatio - view.x) / view.scale;
  const b = ((event.clientY - box.top) * devicePixelRatio - view.y) / view.scale;
  const row = Math.round(-b / ROW);
  return chipAt.get(Math.round(a + row / 2) + ',' + row) ?? -1;
}

function describe(chip) {
  if (chip < 0) { about.textContent = ''; return; }
  const busy = DIRECTIONS.map((name, link) => [name, load[6 * chip + link]]).filter(([, traffic]) => traffic > 0);
  about.textContent = 'chip (' + x[chip] + ', ' + y[chip] + '), board ' + board[chip] + '\\n' +
    used[chip] + ' of ' + cores[chip] + ' cores, ' + entries[chip] + ' routing entries\\n' +
    busy.map(([name, traffic]) => name + ' ' + traffic).join(', ') + '\\n' + (data.vertices[chip] ?? []).join(', ');
}

let dragged;
canvas.onpointerdown = (event) => { dragged = { x: event.clientX, y: event.clientY, moved: false }; };
window.onpointerup = (event) => {
  if (dragged && !dragged.moved && event.target === canvas) { marked = chipUnder(event); describe(marked); draw(); }
  dragged = undefined;
};
canvas.onpointermove = (event) => {
  if (!dragged) return;
  const [a, b] = [event.clientX - dragged.x, event.clientY - dragged.y];
  if (Math.abs(a) + Math.abs(b) < 3 && !dragged.moved) return;
  dragged = { x: event.clientX, y: event.clientY, moved: true };
  view.x += a * devicePixelRatio; view.y += b * devicePixelRatio; draw();
};
canvas.onwheel = (event) => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  const [a, b] = [(event.clientX - box.left) * devicePixelRatio, (event.clientY - box.top) * devicePixelRatio];
  const zoom = Math.exp(-event.deltaY / 400);
  view = { scale: view.scale * zoom, x: a - (a - view.x) * zoom, y: b - (b - view.y) * zoom };
  draw();
};
mode.onchange = net.oninput = draw;
window.onresize = () => { fit(); draw(); };
const options = document.getElementById('nets');
for (const { name } of data.nets.slice(0, 5000)) options.append(new Option(name));
fit();
draw();
`;
