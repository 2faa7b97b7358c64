// Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
// Draws one frame of the poses in #data, and the charts of one person.
// Rows are people in frames: frame f has the rows first[f] to first[f + 1].
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const numJoints = data.joints.length;
const numFrames = data.frames.length;
// Buttons are named one by one, and no server: plotly's own set has one that uploads the data.
const config = { displaylogo: false, responsive: true, scrollZoom: false, plotlyServerURL: '' };
const config3d = {
  ...config, modeBarButtons: [['orbitRotation', 'pan3d', 'zoom3d', 'resetCameraLastSave3d']],
};
const config2d = {
  ...config, modeBarButtons: [['zoom2d', 'pan2d', 'zoomIn2d', 'zoomOut2d', 'resetScale2d']],
};
const font = { family: 'system-ui, sans-serif', size: 11, color: '#555' };
const hasImages = data.images.some((url) => url);
let current = 0; // number of the frame in data.frames
let person = 0; // number of the person in data.tracks that the charts show
let rowsOfPerson = []; // the person's row in each frame, -1 where there is none
const spans = data.ranges.map(([low, high]) => high - low);
const aspect = spans.map((span) => span / Math.max(...spans)); // one scale on all axes
const distance = 1.7 * Math.hypot(...aspect); // as far away as shows the whole box
const canDraw3d = hasWebGl();

function hasWebGl() {
  try {
    return document.createElement('canvas').getContext('webgl') !== null;
  } catch (error) {
    return false;
  }
}

// ---------------------------------------------------------------- numbers
const rowsOf = (frame) => {
  const rows = [];
  for (let row = data.first[frame]; row < data.first[frame + 1]; row++) rows.push(row);
  return rows;
};

function readPoint(values, size, row, joint) {
  const at = size * (row * numJoints + joint);
  const point = values.slice(at, at + size);
  return point.includes(null) ? null : point;
}

// As the plots have it: x right, depth, up; and pixels.
function point3d(row, joint) {
  const point = readPoint(data.cam, 3, row, joint);
  return point && [point[0] / 1000, point[2] / 1000, -point[1] / 1000];
}
function point2d(row, joint) {
  const point = readPoint(data.px, 2, row, joint);
  return point && [point[0] / 10, point[1] / 10];
}

const scaled = (values, index, scale) =>
  (index < 0 || values[index] === null ? null : values[index] / scale);

// ------------------------------------------------------------------ views
// The bones of each side, detected and interpolated joints, and the people's numbers.
function poseTraces(rows, type, pointOf) {
  const axes = type === 'scatter3d' ? ['x', 'y', 'z'] : ['x', 'y'];
  const hasEdges = type === 'scatter' && hasImages;
  const make = (mode, more) => {
    const trace = { type, mode, hoverinfo: 'skip', showlegend: false, ...more };
    axes.forEach((axis) => { trace[axis] = []; });
    return trace;
  };
  const add = (trace, point) => axes.forEach((axis, i) => trace[axis].push(point && point[i]));
  const marks = (symbol) => make('markers', {
    hovertemplate: '%{text}<extra></extra>', text: [],
    marker: { symbol, size: type === 'scatter3d' ? 3.5 : 6, color: [], line: { width: 1.5 } },
  });
  const bones = {}; // on images they have a light edge, or dark ones would be lost in the dark
  const edge = make('lines', { line: { color: 'rgba(255, 255, 255, 0.6)', width: 6 } });
  for (const side of Object.keys(data.colors)) {
    bones[side] = make('lines', { line: { color: data.colors[side], width: axes.length * 2 - 1 } });
  }
  const solid = marks('circle');
  const hollow = marks('circle-open');
  const labels = make('text', { text: [], textfont: { size: 12, color: [] } });
  if (hasEdges) labels.textfont.shadow = '0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff';
  solid.marker.line.width = 0;
  for (const row of rows) {
    for (const { ends, side } of data.links) {
      ends.forEach((joint) => add(bones[side], pointOf(row, joint)));
      add(bones[side], null);
      if (hasEdges) [...ends.map((joint) => pointOf(row, joint)), null].forEach((p) => add(edge, p));
    }
    let top = null; // the label stands above the highest joint
    for (let joint = 0; joint < numJoints; joint++) {
      const point = pointOf(row, joint);
      const trace = data.hollow[row].includes(joint) ? hollow : solid;
      add(trace, point);
      trace.marker.color.push(data.colors[data.sides[joint]]);
      trace.text.push(jointText(row, joint));
      if (point && (!top || higher(point, top))) top = point;
    }
    if (top && data.tracks.length > 1) {
      add(labels, raised(top, pointOf(row, data.root)));
      labels.text.push(String(data.tracks[data.track[row]]));
      labels.textfont.color.push(data.track[row] === person ? '#000' : '#777');
    }
  }
  return [...(hasEdges ? [edge] : []), ...Object.values(bones), solid, hollow, labels];
}
const higher = (a, b) => (a.length === 3 ? a[2] > b[2] : a[1] < b[1]);
const raised = (top, root) => {
  const middle = root || top;
  return top.length === 3
    ? [middle[0], middle[1], top[2] + 0.15]
    : [middle[0], top[1] - 0.03 * data.sizes[current][1]];
};
const jointText = (row, joint) => {
  const score = scaled(data.scores, row * numJoints + joint, 100);
  const state = data.hollow[row].includes(joint) ? 'interpolated' : `score ${score}`;
  return `${data.joints[joint]}, person ${data.tracks[data.track[row]]}, ${state}`;
};

function makeSpaceLayout() {
  const axis = (i, text) => ({
    range: data.ranges[i], title: { text }, autorange: false, color: '#555',
    backgroundcolor: '#f6f6f6', showbackground: true, gridcolor: '#ddd', zeroline: false,
    nticks: Math.max(3, Math.round(8 * aspect[i])), showspikes: false,
  });
  return {
    font, margin: { l: 0, r: 0, t: 0, b: 0 },
    scene: {
      dragmode: 'orbit', aspectmode: 'manual',
      aspectratio: { x: 1.4 * aspect[0], y: 1.4 * aspect[1], z: 1.4 * aspect[2] },
      camera: { // low in the view, since the axes' labels are below
        eye: { x: distance * data.eye[0], y: distance * data.eye[1], z: distance * data.eye[2] },
        center: { x: 0, y: 0, z: -0.12 },
      },
      xaxis: axis(0, 'x (m)'), yaxis: axis(1, 'z, depth (m)'), zaxis: axis(2, '−y, up (m)'),
    },
  };
}
// Always the same object: plotly writes the camera into it when the view has been turned.
const spaceLayout = makeSpaceLayout();

// While the mouse is still turning the view only the scene itself knows the camera.
function keepCamera() {
  const drawn = byId('space')._fullLayout;
  const scene = drawn && drawn.scene && drawn.scene._scene;
  if (scene && scene.getCamera) spaceLayout.scene.camera = scene.getCamera();
}

function drawSpace(rows) {
  if (!canDraw3d) return undefined;
  keepCamera();
  return Plotly.react('space', poseTraces(rows, 'scatter3d', point3d), spaceLayout, config3d);
}

function drawImage(rows) {
  const [width, height] = data.sizes[current];
  // Where images were left out, the last one is shown pale.
  const own = current - current % data.imageStep;
  const source = data.images[own];
  const axis = { showgrid: false, zeroline: false, constrain: 'domain', mirror: true,
    showline: true, linecolor: '#aaa', ticks: 'outside', ticklen: 3 };
  const layout = {
    font, margin: { l: 46, r: 8, t: 8, b: 36 }, plot_bgcolor: '#f6f6f6', hovermode: 'closest',
    uirevision: `${width} ${height}`, dragmode: 'zoom',
    xaxis: { ...axis, range: [0, width], title: { text: 'u (px)', standoff: 4 } },
    yaxis: { ...axis, range: [height, 0], scaleanchor: 'x',
      title: { text: 'v (px)', standoff: 4 } },
    images: source ? [{ source, xref: 'x', yref: 'y', x: 0, y: 0, sizex: width, sizey: height,
      sizing: 'stretch', layer: 'below', opacity: own === current ? 1 : 0.5 }] : [],
  };
  return Plotly.react('image', poseTraces(rows, 'scatter', point2d), layout, config2d);
}

// ----------------------------------------------------------------- charts
const columns = () => (byId('angles').clientWidth < 480 ? 1 : 2);

function drawAngles() {
  if (!data.charts.length) return;
  const rows = Math.ceil(data.charts.length / columns());
  byId('angles').parentNode.style.height = `${Math.max(rows * 125, 125) + 20}px`;
  const layout = {
    font, showlegend: false, margin: { l: 46, r: 8, t: 6, b: 34 }, hovermode: 'x',
    grid: { rows, columns: columns(), pattern: 'independent', xgap: 0.18, ygap: 0.22 },
    shapes: cursors(), uirevision: 'kept',
  };
  const traces = [];
  data.charts.forEach(({ label, lines }, i) => {
    const id = i ? String(i + 1) : '';
    layout[`yaxis${id}`] = { title: { text: `${label} (°)`, standoff: 4 }, zeroline: false,
      nticks: 5, gridcolor: '#e6e6e6' };
    const last = i + columns() >= data.charts.length;
    layout[`xaxis${id}`] = { zeroline: false, showgrid: false, matches: i ? 'x' : undefined,
      title: { text: last ? 'frame' : '', standoff: 4 }, showline: true, linecolor: '#aaa',
      dtick: numFrames < 2 ? 1 : undefined };
    for (const { side, number } of lines) {
      traces.push({
        type: 'scatter', mode: numFrames > 200 ? 'lines' : 'lines+markers', xaxis: `x${id}`,
        yaxis: `y${id}`, x: data.frames, marker: { size: numFrames > 1 ? 3 : 7 }, name: side,
        y: rowsOfPerson.map((row) =>
          scaled(data.angles, row < 0 ? -1 : row * data.angleCount + number, 10)),
        line: { color: data.colors[side], width: numFrames > 200 ? 1 : 1.5 },
        hovertemplate: '%{y:.1f}°',
      });
    }
  });
  Plotly.react('angles', traces, layout, { ...config, displayModeBar: false });
}

function moveCursor() {
  if (data.charts.length) Plotly.relayout('angles', { shapes: cursors() });
}

const cursors = () => data.charts.map((_, i) => {
  const [id, x] = [i ? String(i + 1) : '', data.frames[current]];
  return { type: 'line', xref: `x${id}`, yref: `y${id} domain`, x0: x, x1: x, y0: 0, y1: 1,
    line: { color: '#222', width: 1 } };
});

const boneLength = (row, bone) =>
  (row < 0 ? null : data.bones[row * data.links.length + bone]);

function meanLength(bone) {
  const found = rowsOfPerson.map((row) => boneLength(row, bone)).filter((x) => x !== null);
  return found.length ? found.reduce((sum, x) => sum + x, 0) / found.length : null;
}

function makeBoneTable() {
  for (const { label, left, right } of data.boneTable) {
    const line = byId('bones').insertRow();
    line.insertCell().textContent = label;
    for (const kind of ['now', 'mean']) {
      for (const bone of right === null ? [left] : [left, right]) {
        const cell = line.insertCell();
        cell.colSpan = right === null ? 2 : 1;
        Object.assign(cell.dataset, { kind, bone });
      }
    }
  }
}

function fillBones(kind, lengthOf) {
  document.querySelectorAll(`#bones td[data-kind=${kind}]`).forEach((cell) => {
    const length = lengthOf(Number(cell.dataset.bone));
    cell.textContent = length === null ? '–' : Math.round(length);
  });
}
