// Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
// Goes from frame to frame and from person to person, by buttons, keys and time.
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
  byId('status').textContent = byId('status').title = parts.join(' · ');
  byId('slider').value = current;
  document.body.dataset.frame = number;
  const nobody = rows.length ? '' : 'No pose in this frame.';
  say('image-message', nobody);
  if (canDraw3d) say('space-message', nobody);
  fillBones('now', (bone) => boneLength(rowsOfPerson[current], bone));
  moveCursor();
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
  drawAngles();
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
  document.querySelector('.angles').hidden = !data.charts.length;
  if (data.charts.length) {
    byId('angles').on('plotly_click', (event) => go(data.frames.indexOf(event.points[0].x)));
  }
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
