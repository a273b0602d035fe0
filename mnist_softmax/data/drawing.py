"""Any picture of one digit, a photo or a drawing, made a digit as MNIST has them.

MNIST's digits stand in a box of 20 pixels, and the centre of mass of the ink lies at pixel 14 of 28 (measured on
its 60,000 training images). `to_digit` does the same with ink; `read_ink` finds the ink of a picture. The page of
the lab does `to_digit` in JavaScript (lab/drawing.js), to the same bytes: all sums are of whole numbers, so they
do not depend on the order of adding.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy.ndimage import label

from mnist_softmax.data.stored import check_file
from mnist_softmax.errors import DataError

SIZE, BOX, CENTRE = 28, 20, 14
LARGEST_SIDE = 512  # a larger picture is shrunk first: a digit needs no more
LARGEST = 32_000_000  # pixels that are decoded at most, so that memory stays bounded
UNIT = 1 << 15  # weights of the resampling are whole multiples of 1 / UNIT
FAINTEST = 16  # ink below this is noise
PAPER_SIDE = 64  # the paper is fitted to at most 64 x 64 pixels
SPECK = 0.02  # a patch with less of the largest patch's ink is dirt or noise
LEAST_CONTRAST = 24  # between ink and paper, of 255

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")


def to_digit(ink: np.ndarray) -> np.ndarray:
    """Ink (rows, columns) of 0 to 255 as a digit (28, 28), both uint8: boxed, then centred by mass.

    Raises DataError: there is no ink.
    """
    return centred(boxed(ink))


def boxed(ink: np.ndarray) -> np.ndarray:
    """The inked part of `ink`, resampled so that its longer side is 20 pixels; uint8.

    Each new pixel is the mean of what lies around its place, with weights that fall linearly to 0 at a distance
    of one new pixel (of one old pixel, where the picture is enlarged). Raises DataError: there is no ink.
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise DataError("holds no digit: there is no ink")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.int64)
    height, width = cut.shape
    side = max(height, width)
    high, wide = (max(1, (2 * BOX * n + side) // (2 * side)) for n in (height, width))  # 20 n / side, rounded
    total = _weights(height, high) @ cut @ _weights(width, wide).T
    return ((total + UNIT * UNIT // 2) // (UNIT * UNIT)).clip(0, 255).astype(np.uint8)


def _weights(n: int, new: int) -> np.ndarray:
    """(new, n): the share of each of n old pixels in a new one, in units of 1 / UNIT; each row sums to UNIT."""
    step = n / new
    reach = max(step, 1.0)
    centre = (np.arange(new) + 0.5) * step
    share = np.maximum(0.0, 1 - abs(np.arange(n) + 0.5 - centre[:, None]) / reach)
    whole = np.floor(share / _row_sums(share) * UNIT + 0.5).astype(np.int64)
    peak = whole.argmax(axis=1)
    whole[np.arange(new), peak] += UNIT - whole.sum(axis=1)  # what rounding left over
    return whole


def _row_sums(share: np.ndarray) -> np.ndarray:
    """(new, 1): added from left to right, as JavaScript does, and not in pairs."""
    return np.add.accumulate(share, axis=1)[:, -1:]


def centred(small: np.ndarray) -> np.ndarray:
    """A picture of at most 20 pixels put into (28, 28) so that its centre of mass comes nearest to pixel 14."""
    mass = int(small.sum(dtype=np.int64))
    if not mass:
        raise DataError("holds no digit: the ink is too faint")
    digit = np.zeros((SIZE, SIZE), np.uint8)
    placed = []
    for axis, n in enumerate(small.shape):
        moment = int(small.sum(axis=1 - axis, dtype=np.int64) @ np.arange(n))
        shift = (2 * (CENTRE * mass - moment) + mass) // (2 * mass)  # CENTRE - moment / mass, rounded
        placed.append((np.arange(n) + shift).clip(-1, SIZE))
    rows, columns = (np.flatnonzero((at >= 0) & (at < SIZE)) for at in placed)
    digit[np.ix_(placed[0][rows], placed[1][columns])] = small[np.ix_(rows, columns)]
    return digit


def read_digit(path: str | Path) -> np.ndarray:
    """The picture at `path` as a digit (28, 28), uint8.

    Raises DataError, a line that begins with the path: no such file, not a picture, moving, too large, empty.
    """
    grey = _grey(Path(path))
    try:
        return to_digit(find_ink(grey))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Ink of 0 to 255 in a grey picture (rows, columns): dark on light or light on dark, whichever it is.

    Paper is lit unevenly in a photo, so it is taken as a surface of second order, fitted to all pixels that
    are not far off it. Raises DataError: the picture is of one colour.
    """
    v = grey.astype(np.float64)
    off, noise = _off_the_paper(v)
    dark, light = -min(off.min(), 0.0), max(off.max(), 0.0)
    if max(dark, light) < LEAST_CONTRAST:
        raise DataError("holds no digit: all of it is nearly of one colour")
    ink = np.maximum(off if _is_light(off, noise) else -off, 0.0)
    strongest = np.quantile(
        ink[ink > 0.5 * ink.max()], 0.5
    )  # the middle of the stroke is black, the rest follows
    ink *= 255 / max(strongest, 1.0)
    ink[ink < max(FAINTEST, 4 * noise * 255 / max(strongest, 1.0))] = 0
    ink = np.floor(ink + 0.5).clip(0, 255).astype(np.uint8)
    return np.where(_strokes(ink), ink, 0)


def _strokes(ink: np.ndarray) -> np.ndarray:
    """Where the strokes are: patches of ink that touch, but for specks, which would widen the box."""
    patches, count = label(ink > 0, structure=np.ones((3, 3)))
    mass = np.bincount(patches.ravel(), weights=ink.ravel(), minlength=count + 1)
    mass[0] = 0
    return (mass >= SPECK * mass.max())[patches]


def _is_light(off: np.ndarray, noise: float) -> bool:
    """Whether more lies above the paper than below it."""
    faint = max(FAINTEST, 4 * noise)
    return float(off[off > faint].sum()) > -float(off[off < -faint].sum())


def _off_the_paper(v: np.ndarray) -> tuple[np.ndarray, float]:
    """How far each pixel lies off the paper, and the paper's own noise (its standard deviation)."""
    x, y = np.linspace(-1, 1, v.shape[1]), np.linspace(-1, 1, v.shape[0])[:, None]
    every = -(-max(v.shape) // PAPER_SIDE)  # a surface so smooth is known from some of its pixels
    some = v[::every, ::every].ravel()
    terms = _terms(x[::every], y[::every])
    paper, noise = np.full(some.size, np.median(some)), 0.0
    for _ in range(4):
        off = abs(some - paper)
        near = off <= max(3 * 1.4826 * float(np.median(off)), 8.0)
        coefficients = _fitted(terms[near], some[near])
        paper = np.einsum("pt,t->p", terms, coefficients)
        noise = float((some[near] - paper[near]).std())
    return v - np.einsum("pt,t->p", _terms(x, y), coefficients).reshape(v.shape), noise


def _fitted(terms: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Least squares by the normal equations; einsum, for BLAS threads cost more than such small sums."""
    normal = np.einsum("pt,pu->tu", terms, terms)
    return np.linalg.lstsq(normal, np.einsum("pt,p->t", terms, v), rcond=1e-10)[0]


def _terms(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1, x, y, x^2, x y, y^2 at all places of a grid, (places, 6); x is a row, y a column."""
    powers = np.broadcast_arrays(1.0, x, y, x * x, x * y, y * y)
    return np.stack(powers, axis=-1).reshape(-1, 6)


def _grey(path: Path) -> np.ndarray:
    """The picture as grey values (rows, columns), no side longer than LARGEST_SIDE; transparent parts are paper."""
    check_file(path)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:  # of damaged tags, say
            if picture.format in ("GIF", "WEBP", "PNG", "TIFF") and getattr(picture, "is_animated", False):
                raise DataError(f"{path}: holds several pictures; save one of them as a file of its own")
            picture.draft("L", (LARGEST_SIDE, LARGEST_SIDE))  # a JPEG can be read at a smaller size at once
            width, height = picture.size
            if width * height > LARGEST:
                raise DataError(
                    f"{path}: has {width:,} x {height:,} pixels; at most {LARGEST:,} are read, so make it smaller"
                )
            return _on_paper(ImageOps.exif_transpose(picture))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"{path}: has too many pixels; at most {LARGEST:,} are read, so make it smaller"
        ) from None
    except MemoryError:  # no fault of the picture's bytes
        raise
    except Exception as error:  # damaged bytes make Pillow raise nearly anything
        what = "is not a picture" if isinstance(error, UnidentifiedImageError) else "cannot be read"
        reason = "" if what == "is not a picture" else f" ({' '.join(str(error).split())[:100]})"
        raise DataError(f"{path}: {what}{reason}; PNG and JPEG are read, for example") from None


def _on_paper(picture: Image.Image) -> np.ndarray:
    """Grey values (rows, columns), uint8. Transparent parts get the colour that the ink has not."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):  # 16 or 32 bits a pixel
        values = np.asarray(picture, np.float64)
        low, high = float(values.min()), float(values.max())
        grey = (values - low) * (255 / max(high - low, 1e-9))
        return np.asarray(_shrunk(Image.fromarray(grey.astype(np.uint8))))
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return np.asarray(_shrunk(picture.convert("L")))
    grey, alpha = (np.asarray(band, np.float64) for band in _shrunk(picture.convert("LA")).split())
    seen = alpha.sum()
    paper = 255 if seen == 0 or (grey * alpha).sum() / seen < 128 else 0
    return np.floor(paper + (grey - paper) * (alpha / 255) + 0.5).astype(np.uint8)


def _shrunk(picture: Image.Image) -> Image.Image:
    """No side longer than LARGEST_SIDE; each new pixel is the mean of a square of old ones."""
    factor = -(-max(picture.size) // LARGEST_SIDE)
    return picture.reduce(factor) if factor > 1 else picture
