"""A picture, whatever it is, becomes a digit in MNIST's box and at MNIST's place; or a line says why not."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import GifImagePlugin, Image

from mnist_softmax.config.config import Config
from mnist_softmax.data.drawing import boxed, centred, find_ink, read_digit, to_digit
from mnist_softmax.errors import DataError
from mnist_softmax.training.loop import epochs, start


def seven(side: int = 120, width: int = 10) -> np.ndarray:
    """A seven in ink of 255, not in the middle."""
    ink = np.zeros((side, side), np.uint8)
    ink[side // 5 : side // 5 + width, side // 4 : 3 * side // 4] = 255
    for row in range(side // 5, 4 * side // 5):
        left = 3 * side // 4 - width - (row - side // 5) // 2
        ink[row, left : left + width] = 255
    return ink


def written(path, array, mode="L", **options):
    Image.fromarray(array).convert(mode).save(path, **options)
    return path


def mass_centre(digit: np.ndarray) -> np.ndarray:
    return np.array([(digit.sum(axis=1 - axis) @ np.arange(28.0)) / digit.sum() for axis in (0, 1)])


@pytest.mark.parametrize("side", [30, 61, 120, 500])
def test_the_longer_side_is_20_pixels_and_the_centre_of_mass_is_at_14(side):
    digit = to_digit(seven(side, max(2, side // 12)))
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert (abs(mass_centre(digit) - 14) <= 0.5).all()


def test_the_mnist_digits_themselves_stand_so(mnist):
    """That is where the box of 20 and the 14 come from."""
    images = mnist.train.images[:2000].reshape(-1, 28, 28).astype(np.float64)
    centres = np.array([mass_centre(image) for image in images])
    np.testing.assert_allclose(centres.mean(axis=0), 14.0, atol=0.05)
    assert max(np.ptp(np.flatnonzero(image.any(axis=1))) for image in images) + 1 == 20


def test_a_digit_of_mnist_is_left_as_it_is(mnist):
    """Boxed already, it is resampled one to one; at most it moves by a pixel, where its centre lies between two."""
    for image in mnist.test.images[:50].reshape(-1, 28, 28):
        ours = to_digit(image)
        shifts = [np.roll(image, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        assert any(np.array_equal(ours, shifted) for shifted in shifts)


def test_resampling_keeps_what_is_even_and_is_close_to_pillows_triangle_filter():
    """Pillow's BILINEAR has the same filter; ours rounds once where Pillow rounds after each direction."""
    assert (boxed(np.full((57, 57), 200, np.uint8)) == 200).all()
    rng = np.random.default_rng(0)
    for side in (12, 33, 90):
        ink = rng.integers(1, 256, (side, side)).astype(np.uint8)
        theirs = np.asarray(Image.fromarray(ink).resize((20, 20), Image.Resampling.BILINEAR))
        assert abs(boxed(ink).astype(int) - theirs).max() <= 2


def test_ink_that_would_leave_the_picture_is_cut_off_and_nothing_breaks():
    small = np.zeros((20, 20), np.uint8)
    small[:, 0] = 255
    small[0, :] = 1
    assert centred(small).shape == (28, 28)


# ---- every kind of picture of the same seven

EXPECTED = to_digit(seven())


def close(digit, expected=EXPECTED, share=0.06):
    difference = abs(digit.astype(int) - expected).mean() / 255
    assert difference < share, f"{difference:.3f}"


@pytest.mark.parametrize("light", [False, True], ids=["dark-on-light", "light-on-dark"])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("png", "L"), ("png", "RGB"), ("png", "P"), ("png", "1"), ("jpg", "RGB"), ("jpg", "CMYK"), ("bmp", "RGB"),
     ("gif", "P"), ("webp", "RGB"), ("tif", "L")],
)  # fmt: skip
def test_any_format_and_polarity_gives_the_same_digit(tmp_path, light, kind, mode):
    grey = seven() if light else 255 - seven()
    close(read_digit(written(tmp_path / f"seven.{kind}", grey, mode)), share=0.02)


@pytest.mark.parametrize("ink", [0, 255], ids=["black", "white"])
@pytest.mark.parametrize("below", [0, 255])
def test_a_transparent_background_is_paper_whatever_lies_below(tmp_path, ink, below):
    rgba = np.full((120, 120, 4), below, np.uint8)
    rgba[seven() > 0, :3] = ink
    rgba[..., 3] = seven()
    Image.fromarray(rgba).save(tmp_path / "seven.png")
    close(read_digit(tmp_path / "seven.png"), share=0.02)


def test_sixteen_bits_and_a_camera_that_was_turned(tmp_path):
    Image.fromarray((seven().astype(np.uint16)) * 257).save(tmp_path / "deep.png")
    close(read_digit(tmp_path / "deep.png"), share=0.02)
    turned = Image.fromarray(np.rot90(255 - seven()).copy())
    exif = Image.Exif()
    exif[0x0112] = 6  # shown, it is to be turned clockwise by a quarter
    turned.save(tmp_path / "turned.jpg", exif=exif)
    close(read_digit(tmp_path / "turned.jpg"), share=0.02)


@pytest.mark.parametrize("light", [False, True])
def test_a_photo_with_shadow_and_noise_is_read(tmp_path, light):
    rng = np.random.default_rng(0)
    y, x = np.indices((900, 900)) / 900
    paper = 190 - 70 * x - 30 * y  # one side lies in shadow
    ink = np.kron(seven(), np.ones((8, 8)))[:900, :900] / 255
    photo = (paper * (1 - 0.7 * ink)) if not light else (255 - paper) * 0.5 + 130 * ink
    photo = np.clip(photo + rng.normal(0, 4, photo.shape), 0, 255).astype(np.uint8)
    Image.fromarray(photo).convert("RGB").save(tmp_path / "photo.jpg", quality=80)
    expected = to_digit((255 * ink).astype(np.uint8))
    close(read_digit(tmp_path / "photo.jpg"), expected, share=0.04)


@pytest.mark.parametrize("size", [8, 12, 28, 4000])
def test_any_size_is_read(tmp_path, size):
    ink = np.asarray(Image.fromarray(seven()).resize((size, size), Image.Resampling.BOX))
    assert read_digit(written(tmp_path / "seven.png", 255 - ink)).shape == (28, 28)


# ---- what is refused, in one line


def refused(path) -> str:
    with pytest.raises(DataError) as error:
        read_digit(path)
    text = str(error.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_an_empty_picture_holds_no_digit(tmp_path, colour):
    assert "no digit" in refused(written(tmp_path / "empty.png", np.full((50, 50), colour, np.uint8)))


def test_nothing_but_noise_or_all_transparent_holds_no_digit(tmp_path):
    noise = np.random.default_rng(0).normal(200, 2, (80, 80)).astype(np.uint8)
    assert "no digit" in refused(written(tmp_path / "noise.png", noise))
    Image.new("RGBA", (40, 40), (9, 9, 9, 0)).save(tmp_path / "clear.png")
    assert "no digit" in refused(tmp_path / "clear.png")


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("seven")
    assert "is not a picture" in refused(tmp_path / "notes.txt")
    (tmp_path / "empty.png").touch()
    assert "is not a picture" in refused(tmp_path / "empty.png")
    assert "no such file" in refused(tmp_path / "gone.png")
    assert "folder" in refused(tmp_path)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "webp", "tif"])
def test_damaged_bytes_are_refused_or_read_and_never_break(tmp_path, kind):
    whole = written(tmp_path / f"whole.{kind}", 255 - seven(), "RGB").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / f"damaged.{kind}"
    for _ in range(40):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.5 else whole)
        for at in rng.integers(0, len(damaged), 5):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            found = read_digit(path).shape
        except DataError as error:
            found = str(error)
        assert found == (28, 28) or (found.startswith(str(path)) and "\n" not in found)


def test_a_moving_picture_is_refused(tmp_path):
    frames = [Image.fromarray(255 - np.roll(seven(), k)) for k in range(3)]
    for kind in ("gif", "webp", "png", "tiff"):
        path = tmp_path / f"moving.{kind}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        assert "holds several pictures" in refused(path)


def test_the_pictures_of_a_file_are_not_counted(tmp_path, monkeypatch):
    """A file may hold millions; the second one is enough to see."""
    frames = [Image.fromarray(255 - np.roll(seven(), k)) for k in range(3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(GifImagePlugin.GifImageFile, "n_frames", property(lambda picture: 1 / 0))
    assert "holds several pictures" in refused(tmp_path / "moving.gif")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("width", "height", "answer"), [(20000, 20000, "make it smaller"), (20000, 1000, "no digit")]
)
def test_a_huge_picture_takes_little_memory(tmp_path, width, height, answer):
    """20,000 x 20,000 grey pixels would be 400 MB, and as numbers 3 GB."""
    Image.new("L", (width, height), 255).save(tmp_path / "huge.png")
    code = (
        "import sys\nfrom mnist_softmax.data.drawing import read_digit\n"
        "from mnist_softmax.errors import DataError\n"
        "try: read_digit(sys.argv[1])\nexcept DataError as error: print(error)\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "huge.png"], capture_output=True, text=True, check=True
    )
    line, kilobytes = result.stdout.splitlines()
    assert answer in line
    assert int(kilobytes) < 400_000


def test_flat_light_is_taken_off_exactly():
    """On even paper the ink is what it was: the fitted surface adds nothing."""
    ink = seven()
    np.testing.assert_array_equal(find_ink(255 - ink), ink)
    np.testing.assert_array_equal(find_ink(ink), ink)


# ---- recognition


@pytest.mark.slow
@pytest.mark.full_mnist
def test_digits_at_any_place_size_and_polarity_are_recognised_as_untouched_ones_are(full_mnist):
    """2,000 test digits at 0.4 to 3 times their size on a canvas of 96 pixels: 95 % get the answer of the digit
    itself (97.7 % when written), by a network that was trained on MNIST as it is."""
    settings = Config.model_validate(
        {
            "network": {"layers": [784, 30, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {
                "epochs": 3,
                "mini_batch_size": 10,
                "learning_rate": 0.5,
                "monitor": ["test_accuracy"],
            },
        }
    )
    state, test = start(settings), full_mnist.test
    for _ in epochs(state, full_mnist, settings):
        pass
    rng = np.random.default_rng(0)
    moved = np.array(
        [to_digit(find_ink(placed(image.reshape(28, 28), rng))).ravel() for image in test.images[:2000]]
    )
    untouched, found = (state.network.outputs(x / 255).argmax(-1) for x in (test.images[:2000], moved))
    assert (untouched == found).mean() >= 0.95
    assert (found == test.labels[:2000]).mean() >= (untouched == test.labels[:2000]).mean() - 0.01


def placed(image: np.ndarray, rng: np.random.Generator, side: int = 96) -> np.ndarray:
    """`image` resized by Pillow, at a random place of a canvas, dark or light."""
    size = max(1, round(28 * rng.uniform(0.4, 3.0)))
    digit = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    digit = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    canvas = np.zeros((side, side), np.uint8)
    top, left = (rng.integers(0, side - n + 1) for n in digit.shape)
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return 255 - canvas if rng.random() < 0.5 else canvas
