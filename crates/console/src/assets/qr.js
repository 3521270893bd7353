// A QR code in a picture file. The browser's own detector is asked first, where there is one.

import { readPixels } from './qr-pixels.js';

/** Pictures are looked at in at most so many pixels a side. */
const SIDE_MAX = 2400;

/** The text of the code in a picture file; null if none is found. */
export async function readPicture(file) {
  const canvas = await drawn(file);
  const native = await detected(canvas);
  if (native !== null) return native;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  for (const scale of [1, 0.5, 2]) {
    const [width, height] = [Math.round(canvas.width * scale), Math.round(canvas.height * scale)];
    if (Math.max(width, height) > SIDE_MAX || Math.min(width, height) < 21) continue;
    let pixels = context;
    if (scale !== 1) {
      const other = new OffscreenCanvas(width, height);
      pixels = other.getContext('2d', { willReadFrequently: true });
      pixels.drawImage(canvas, 0, 0, width, height);
    }
    const text = readPixels(pixels.getImageData(0, 0, width, height));
    if (text !== null) return text;
  }
  return null;
}

/** The picture on white, as large as is looked at. */
async function drawn(file) {
  const isDrawing = file.type === 'image/svg+xml';
  const source = isDrawing ? await drawing(file) : await createImageBitmap(file);
  const side = Math.max(source.width, source.height);
  const scale = isDrawing ? 1600 / side : Math.min(1, SIDE_MAX / side);
  const canvas = new OffscreenCanvas(Math.round(source.width * scale), Math.round(source.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A drawing as an image: its address holds it, as the page may load no other. */
async function drawing(file) {
  const image = new Image(1000, 1000);
  const bytes = new Uint8Array(await file.arrayBuffer());
  image.src = `data:image/svg+xml;base64,${btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))}`;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  [image.width, image.height] = [width || 1000, height || 1000];
  return image;
}

async function detected(canvas) {
  try {
    const [code] = await new globalThis.BarcodeDetector({ formats: ['qr_code'] }).detect(canvas);
    return code?.rawValue || null;
  } catch {
    return null;
  }
}
