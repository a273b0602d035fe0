// A drawing made an MNIST digit: boxed to 20 pixels, centred by mass at pixel 14 of 28. The twin of
// mnist_softmax/data/drawing.py: the same whole numbers are added, so that the bytes are the same.
"use strict";

const SIZE = 28, BOX = 20, CENTRE = 14, UNIT = 32768;

/** Ink (height * width, 0 to 255) as { small: { pixels, width, height }, digit }; null where there is no ink. */
function toDigit(ink, width, height) {
  const small = boxed(ink, width, height);
  return small && { small, digit: centred(small) };
}

/** The inked part, resampled so that its longer side is 20 pixels. */
function boxed(ink, width, height) {
  let left = width, top = height, right = -1, bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!ink[y * width + x]) continue;
      left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return null;
  const w = right - left + 1, h = bottom - top + 1, side = Math.max(w, h);
  const [wide, high] = [w, h].map((n) => Math.max(1, Math.floor((2 * BOX * n + side) / (2 * side))));
  const across = shares(w, wide), down = shares(h, high);
  const between = new Float64Array(high * w), pixels = new Uint8Array(high * wide);
  for (let Y = 0; Y < high; Y++) {
    for (let y = 0; y < h; y++) {
      const share = down[Y * h + y];
      if (share) for (let x = 0; x < w; x++) between[Y * w + x] += share * ink[(top + y) * width + left + x];
    }
  }
  for (let Y = 0; Y < high; Y++) {
    for (let X = 0; X < wide; X++) {
      let total = 0;
      for (let x = 0; x < w; x++) total += between[Y * w + x] * across[X * w + x];
      pixels[Y * wide + X] = Math.min(255, Math.max(0, Math.floor((total + UNIT * UNIT / 2) / (UNIT * UNIT))));
    }
  }
  return { pixels, width: wide, height: high };
}

/** The share of each of n old pixels in each of `count` new ones, in units of 1 / UNIT; each row sums to UNIT. */
function shares(n, count) {
  const whole = new Float64Array(count * n), step = n / count, reach = Math.max(step, 1);
  for (let k = 0; k < count; k++) {
    const centre = (k + 0.5) * step, share = new Float64Array(n);
    let sum = 0, left = UNIT, peak = 0;
    for (let i = 0; i < n; i++) sum += share[i] = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / reach);
    for (let i = 0; i < n; i++) {
      const v = whole[k * n + i] = Math.floor(share[i] / sum * UNIT + 0.5);
      left -= v;
      if (v > whole[k * n + peak]) peak = i;
    }
    whole[k * n + peak] += left; // what rounding left over
  }
  return whole;
}

/** At most 20 x 20 pixels put into 28 x 28 so that the centre of mass comes nearest to pixel 14. */
function centred({ pixels, width, height }) {
  let mass = 0, mx = 0, my = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) { const v = pixels[y * width + x]; mass += v; mx += v * x; my += v * y; }
  }
  const digit = new Uint8Array(SIZE * SIZE);
  const [dx, dy] = [mx, my].map((moment) => Math.floor((2 * (CENTRE * mass - moment) + mass) / (2 * mass)));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const X = x + dx, Y = y + dy;
      if (X >= 0 && X < SIZE && Y >= 0 && Y < SIZE) digit[Y * SIZE + X] = pixels[y * width + x];
    }
  }
  return digit;
}
