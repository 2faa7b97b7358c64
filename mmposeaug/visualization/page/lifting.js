// Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
// Plays the poses in #data. Rows are people in frames; frame f has rows first[f] to first[f + 1].
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = (id) => document.getElementById(id);
  const numJoints = data.joints.length;
  const numFrames = data.frames.length;
  const config = { displaylogo: false, responsive: true, scrollZoom: false };
  const config3d = {
    ...config, modeBarButtonsToRemove: ['toImage', 'tableRotation', 'resetCameraDefault3d'],
  };
  const config2d = {
    ...config, modeBarButtonsToRemove: ['toImage', 'select2d', 'lasso2d', 'autoScale2d'],
  };
  const font = { family: 'system-ui, sans-serif', size: 11, color: '#555' };
  const hasImages = data.images.some((url) => url);
  let current = 0; // number of the frame in data.frames
  let person = 0; // number of the person in data.tracks that the charts show
  let rowsOfPerson = []; // the person's row in each frame, -1 where there is none
  const spans = data.ranges.map(([low, high]) => high - low);
  const aspect = spans.map((span) => span / Math.max(...spans)); // one scale on all axes
  const distance = 1.6 * Math.hypot(...aspect); // as far away as shows the whole box
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
    const distance = 1.6 * Math.hypot(...aspect); // as far away as shows the whole box
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
    const source = data.images[current];
    const axis = { showgrid: false, zeroline: false, constrain: 'domain', mirror: true,
      showline: true, linecolor: '#aaa', ticks: 'outside', ticklen: 3 };
    const layout = {
      font, margin: { l: 46, r: 8, t: 8, b: 36 }, plot_bgcolor: '#f6f6f6', hovermode: 'closest',
      uirevision: `${width} ${height}`, dragmode: 'zoom',
      xaxis: { ...axis, range: [0, width], title: { text: 'u (px)', standoff: 4 } },
      yaxis: { ...axis, range: [height, 0], scaleanchor: 'x',
        title: { text: 'v (px)', standoff: 4 } },
      images: source ? [{ source, xref: 'x', yref: 'y', x: 0, y: 0, sizex: width, sizey: height,
        sizing: 'stretch', layer: 'below' }] : [],
    };
    return Plotly.react('image', poseTraces(rows, 'scatter', point2d), layout, config2d);
  }

  // ----------------------------------------------------------------- charts
  const columns = () => (byId('angles').clientWidth < 480 ? 1 : 2);

  function drawAngles() {
    const rows = Math.ceil(data.charts.length / columns());
    byId('angles').parentNode.style.height = `${Math.max(rows * 125, 125) + 20}px`;
    const layout = {
      font, showlegend: false, margin: { l: 46, r: 8, t: 6, b: 34 }, hovermode: 'x',
      grid: { rows, columns: columns(), pattern: 'independent', xgap: 0.18, ygap: 0.22 },
      shapes: cursors(),
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
          line: { color: data.colors[side], width: 1.5 },
          hovertemplate: '%{y:.1f}°',
        });
      }
    });
    return Plotly.react('angles', traces, layout, { ...config, displayModeBar: false });
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

  // --------------------------------------------------------------- controls
  function say(id, text) {
    byId(id).textContent = text;
    byId(id).hidden = !text;
  }

  function show(frame) {
    current = Math.min(Math.max(frame, 0), numFrames - 1);
    const rows = rowsOf(current);
    const number = data.frames[current];
    const parts = [`Frame ${number} (${current + 1} of ${numFrames})`];
    if (data.fps) parts.push(`${(number / data.fps).toFixed(2)} s`);
    if (data.names[current]) parts.push(data.names[current]);
    byId('status').textContent = parts.join(' · ');
    byId('slider').value = current;
    document.body.dataset.frame = number;
    const nobody = rows.length ? '' : 'No pose in this frame.';
    say('image-message', nobody);
    if (canDraw3d) say('space-message', nobody);
    fillBones('now', (bone) => boneLength(rowsOfPerson[current], bone));
    Plotly.relayout('angles', { shapes: cursors() });
    return Promise.all([drawSpace(rows), drawImage(rows)]);
  }

  function choosePerson(number) {
    person = number;
    rowsOfPerson = data.frames.map((_, frame) => {
      const row = rowsOf(frame).find((each) => data.track[each] === person);
      return row === undefined ? -1 : row;
    });
    const who = data.tracks.length > 1 ? `of person ${data.tracks[person]}` : '';
    document.querySelectorAll('.who').forEach((element) => { element.textContent = who; });
    fillBones('mean', meanLength);
    return drawAngles();
  }

  const option = (select, value, text) => select.add(new Option(text, value));

  function makeSpeeds() {
    const select = byId('speed');
    if (!data.fps) {
      for (const rate of [1, 2, 5, 10, 25]) option(select, rate, `${rate} frames/s`);
      select.value = 10;
      return;
    }
    // A thinned sequence has few frames a second, so it may be played faster than it was.
    const span = data.frames[numFrames - 1] - data.frames[0];
    const rate = numFrames > 1 ? data.fps * (numFrames - 1) / span : data.fps;
    for (let times = 0.25; times <= 2 || rate * times < 30; times *= 2) {
      option(select, rate * times, `${times}×`);
      if (times <= 1 || rate * times / 2 < 4) select.value = rate * times;
    }
  }

  let playing = false;
  let before = 0;
  function step(now) {
    if (!playing) return;
    const interval = 1000 / Number(byId('speed').value);
    const steps = Math.floor((now - before) / interval);
    let drawn = Promise.resolve();
    if (steps > 0) {
      // After a pause in a hidden tab it goes on where it was.
      before = now - before > 1000 + interval ? now : before + steps * interval;
      drawn = show((current + (before === now ? 1 : steps)) % numFrames);
    }
    drawn.then(() => requestAnimationFrame(step));
  }
  function setPlaying(on) {
    if (on === playing) return;
    playing = on;
    before = performance.now();
    byId('play').textContent = playing ? 'Pause' : 'Play';
    if (playing) requestAnimationFrame(step);
  }
  const go = (frame) => { setPlaying(false); show(frame); };

  function bindControls() {
    byId('previous').onclick = () => go(current - 1);
    byId('next').onclick = () => go(current + 1);
    byId('play').onclick = () => setPlaying(!playing);
    byId('slider').oninput = (event) => show(Number(event.target.value));
    byId('person').onchange = (event) => {
      choosePerson(Number(event.target.value));
      show(current);
    };
    const keys = {
      ArrowLeft: () => go(current - 1), ArrowRight: () => go(current + 1),
      Home: () => go(0), End: () => go(numFrames - 1), ' ': () => setPlaying(!playing),
    };
    document.addEventListener('keydown', (event) => {
      const busy = ['SELECT', 'BUTTON'].includes(event.target.tagName);
      const own = event.target.tagName === 'BUTTON' && event.key !== ' ';
      if (!(event.key in keys) || (busy && !own) || event.altKey || event.ctrlKey || event.metaKey) {
        return;
      }
      event.preventDefault();
      keys[event.key]();
    });
  }

  function bindPlots() {
    byId('angles').on('plotly_click', (event) => go(data.frames.indexOf(event.points[0].x)));
    window.addEventListener('resize', () => drawAngles());
  }

  async function start() {
    byId('slider').max = numFrames - 1;
    data.tracks.forEach((track, i) => option(byId('person'), i, `person ${track}`));
    makeSpeeds();
    makeBoneTable();
    if (!canDraw3d) {
      say('space-message', 'The 3D view needs WebGL, which this browser lacks or has switched off. '
        + 'The other views work without it.');
    }
    choosePerson(0);
    await show(0);
    bindControls();
    bindPlots();
    document.body.dataset.ready = 'yes';
  }
  start();
})();
