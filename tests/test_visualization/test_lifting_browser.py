# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifting page in a real browser: what it shows, and that it does what its buttons say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from browser_pages import OpenPage
from lifted_walkers import make_lifted
from PIL import Image

from mmposeaug.structures import LiftedPoses, Skeleton, get_skeleton
from mmposeaug.visualization import measure_angles, to_plot_axes, write_lifting_page

HOSTILE = '</script><script>hacked=1</script><img src=x onerror="hacked=1">\u2028\'"&lt;$title'


@pytest.fixture(scope='module')
def walkers(browser: Any, tmp_path_factory: Any) -> Iterator[tuple[Any, OpenPage]]:
    """Three people and their page; one is absent in frame 3, all in 5, a wrist is lost in 6."""
    lifted = make_lifted(people=3, frames=12, absent=[(3, 2), (5, 1), (5, 2), (5, 3)])
    lifted.poses_rel[lifted.rows_of(6)[0], 16] = np.nan
    path = tmp_path_factory.mktemp('page') / 'walk.html'
    image = np.full((100, 100, 3), 128, np.uint8)
    write_lifting_page(lifted, path, title='Walk', images=lambda frame: image + frame)
    page = OpenPage(browser, path)
    yield lifted, page
    page.close()


def sorted_points(points: np.ndarray) -> np.ndarray:
    points = points.reshape(-1, points.shape[-1]).astype(float)
    return points[np.lexsort(points.T)]


def check_drawing(lifted: Any, page: OpenPage, frame: int) -> None:
    """Both views show this frame: to the millimetre, and to a tenth of a pixel."""
    assert page.frame() == frame
    rows = lifted.rows_of(frame)
    for shown, axes, expected, tolerance in (
        ('space', 'xyz', to_plot_axes(lifted.poses_cam[rows]), 6e-4),
        ('image', 'xy', lifted.keypoints_px[rows], 6e-2),
    ):
        points = page.points(shown, axes)
        assert len(points) == expected[..., 0].size
        # Rounding may change which of two comes first, so each is compared with the nearest.
        away = np.linalg.norm(points[:, None] - sorted_points(expected)[None], axis=-1)
        assert away.min(axis=0).max() < tolerance * 2
        assert away.min(axis=1).max() < tolerance * 2


def test_next_and_previous_draw_that_frame(walkers):
    lifted, page = walkers
    page.page.keyboard.press('Home')
    check_drawing(lifted, page, 0)
    page.page.click('#next')
    check_drawing(lifted, page, 1)
    page.page.keyboard.press('ArrowRight')
    page.page.keyboard.press('ArrowRight')
    check_drawing(lifted, page, 3)
    page.page.click('#previous')
    check_drawing(lifted, page, 2)
    page.page.keyboard.press('End')
    page.page.keyboard.press('ArrowRight')  # there is no further frame
    check_drawing(lifted, page, 11)


def test_the_slider_jumps_and_the_image_follows(walkers):
    lifted, page = walkers
    page.page.locator('#slider').fill('7')
    check_drawing(lifted, page, 7)
    source = page.run("document.getElementById('image').layout.images[0].source")
    page.page.locator('#slider').fill('0')
    assert page.run("document.getElementById('image').layout.images[0].source") != source
    assert source.startswith('data:image/jpeg;base64,')
    assert page.run("document.getElementById('image').layout.yaxis.range") == [1000, 0]
    assert 'Frame 0 (1 of 12)' in page.page.inner_text('#status')


def test_bones_have_the_colours_of_the_persons_sides(walkers):
    lifted, page = walkers
    page.page.locator('#slider').fill('0')
    lines = page.run(
        "document.getElementById('space').data.filter(t => t.mode === 'lines')"
        '.map(t => [t.line.color, t.x])'
    )
    for (color, found), side in zip(lines, ('left', 'right', '')):
        assert color == {'left': '#d62728', 'right': '#1f77b4', '': '#333333'}[side]
        ends = [j for bone in lifted.skeleton.bones for j in bone]
        bones = np.array(ends).reshape(-1, 2)
        own = bones[[lifted.skeleton.sides[child] == side for child, _ in bones]]
        expected = lifted.poses_cam[:3, own, 0].ravel()
        assert np.allclose([x for x in found if x is not None], expected, atol=6e-4)


def test_interpolated_key_points_are_hollow_and_people_are_labelled(walkers):
    _, page = walkers
    for frame, hollow in ((0, 0), (1, 3)):
        page.page.locator('#slider').fill(str(frame))
        for plot in ('space', 'image'):
            traces = page.run(
                f"document.getElementById('{plot}').data.filter(t => t.mode !== 'lines')"
                '.map(t => [t.marker && t.marker.symbol, t.text])'
            )
            found = {symbol: text for symbol, text in traces}
            assert len(found['circle-open']) == hollow
            assert len(found['circle']) == 51 - hollow
            assert all('right foot' in text for text in found['circle-open'])
            assert found[None] == ['1', '2', '3']


def test_a_person_is_chosen_for_the_charts(walkers):
    lifted, page = walkers
    drawn = []
    for number, track in enumerate((1, 2)):
        page.page.select_option('#person', str(number))
        rows = lifted.tracks == track
        frames = lifted.frames[rows]
        angles = measure_angles(lifted.poses_cam[rows], lifted.skeleton)
        curves = page.run("document.getElementById('angles').data.map(t => [t.name, t.x, t.y])")
        assert [side for side, _, _ in curves] == ['right', 'left'] * 2 + ['left', 'right'] * 2
        found = np.array([y for _, _, y in curves], float)  # None is NaN
        order = [0, 2, 1, 3, 4, 6, 5, 7]  # the page pairs the sides, the measures go by limb
        assert np.allclose(found[:, frames], angles[:, order].T, atol=0.3, equal_nan=True)
        assert np.isnan(np.delete(found, 6, axis=1)).sum() == 8 * (1 if track == 1 else 2)
        assert f'of person {track}' in page.page.inner_text('.bones')
        drawn.append(page.page.inner_text('#bones'))
    assert drawn[0] != drawn[1]
    page.page.locator('#slider').fill('3')  # person 2 is not there
    assert '–' in [cell.inner_text() for cell in page.page.query_selector_all('#bones td')]
    assert page.run("document.getElementById('angles').layout.shapes[0].x0") == 3
    page.page.select_option('#person', '0')


def test_it_plays_in_a_circle_and_pauses(walkers):
    _, page = walkers
    page.page.locator('#slider').fill('11')
    page.page.click('#play')
    page.page.wait_for_selector('body:not([data-frame="11"])', timeout=20_000)
    page.page.click('#play')
    paused = page.frame()
    page.page.wait_for_timeout(400)
    assert page.frame() == paused
    assert page.page.inner_text('#play') == 'Play'


def test_the_view_is_kept_while_playing_and_can_be_turned_meanwhile(walkers):
    _, page = walkers
    camera = "document.getElementById('space')._fullLayout.scene._scene.getCamera().eye"
    before = page.run(camera)
    box = page.page.locator('#space').bounding_box()
    middle = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    page.page.click('#play')
    page.page.mouse.move(*middle)
    page.page.mouse.down()
    for i in range(1, 6):
        page.page.mouse.move(middle[0] + 25 * i, middle[1])
        page.page.wait_for_timeout(100)  # frames go on under the mouse
    turned = page.run(camera)
    page.page.mouse.up()
    page.page.wait_for_timeout(500)
    page.page.click('#play')
    after = page.run(camera)
    angles = [np.arctan2(eye['y'], eye['x']) for eye in (before, turned, after)]
    assert abs(angles[1] - angles[0]) > 0.3
    assert angles[2] == pytest.approx(angles[1], abs=0.1)


def test_no_button_uploads_anything(walkers):
    _, page = walkers
    buttons = page.page.query_selector_all('.modebar-btn')
    names = ' '.join(button.get_attribute('data-title') for button in buttons)
    assert 'Reset' in names
    assert not [word for word in ('Share', 'cloud', 'Edit') if word.lower() in names.lower()]
    assert page.run("document.getElementById('space')._context.plotlyServerURL") == ''


def test_a_screenshot_shows_three_people(walkers, tmp_path):
    _, page = walkers
    page.page.locator('#slider').fill('2')
    page.page.screenshot(path=tmp_path / 'page.png', full_page=True)
    box = page.page.locator('#space canvas').first.bounding_box()
    pixels = np.asarray(Image.open(tmp_path / 'page.png').convert('RGB')).astype(int)
    x, y, w, h = (int(box[key]) for key in ('x', 'y', 'width', 'height'))
    view = pixels[y : y + h, x : x + w]
    red, blue = (np.abs(view - color).sum(-1) < 60 for color in ((214, 39, 40), (31, 119, 180)))
    assert red.sum() > 150
    assert blue.sum() > 150


def test_gaps_are_drawn_as_gaps(walkers):
    _, page = walkers
    page.page.locator('#slider').fill('6')
    assert np.isnan(page.points('space', 'xyz')).any(axis=1).sum() == 1
    assert not page.page.is_visible('#space-message')
    page.page.locator('#slider').fill('5')
    for plot in ('space', 'image'):
        assert page.page.inner_text(f'#{plot}-message') == 'No pose in this frame.'
    assert len(page.points('space', 'xyz')) == 0


@pytest.fixture
def hostile_poses() -> LiftedPoses:
    """One frame whose every string is an attack."""
    skeleton = get_skeleton('h36m_16')
    names = [HOSTILE, *skeleton.joint_names[1:]]
    names[5] = f'left_{HOSTILE}'
    hostile = Skeleton(HOSTILE, tuple(names), skeleton.parents, skeleton.joint_pairs)
    info = {HOSTILE: HOSTILE, 'path': 'a\udcffb'}
    lifted = make_lifted(2, 1, 'h36m_16', fps=None, image_names={0: HOSTILE}, info=info)
    return replace(lifted, skeleton=hostile)


def test_hostile_strings_in_one_frame_are_shown_and_do_nothing(browser, hostile_poses, tmp_path):
    write_lifting_page(hostile_poses, tmp_path / 'page.html', title=HOSTILE)
    page = OpenPage(browser, tmp_path / 'page.html', width=420)
    page.page.keyboard.press('ArrowRight')
    page.page.click('#play')
    box = page.page.locator('#image').bounding_box()
    for x in range(0, int(box['width']), 40):  # names are shown where the mouse is
        page.page.mouse.move(box['x'] + x, box['y'] + box['height'] / 2)
    assert page.run('typeof hacked') == 'undefined'
    assert page.page.title() == HOSTILE
    assert page.run("document.querySelector('h1').textContent") == HOSTILE
    assert page.run("document.querySelectorAll('img').length") == 0
    assert HOSTILE in page.run("document.getElementById('status').textContent")
    assert HOSTILE in page.run("document.querySelector('dl').textContent")
    check_drawing(hostile_poses, page, 0)
    assert page.run('document.documentElement.scrollWidth - window.innerWidth') <= 0  # narrow
    page.close()


def test_without_webgl_a_sentence_stands_in_its_place(browser_without_webgl, tmp_path):
    lifted = make_lifted(2, 3)
    write_lifting_page(lifted, tmp_path / 'page.html')
    page = OpenPage(browser_without_webgl, tmp_path / 'page.html')
    page.page.click('#next')
    assert 'needs WebGL' in page.page.inner_text('#space-message')
    points = page.points('image', 'xy')
    expected = lifted.keypoints_px[lifted.rows_of(1)].reshape(-1, 2)
    assert np.abs(np.sort(points, axis=0) - np.sort(expected, axis=0)).max() < 0.06
    page.close()
