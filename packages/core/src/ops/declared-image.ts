// What Keras declares for images of unknown sizes.
import { asFirst, type Declarations, knownLast, like, mustEqual, refuse, shapeOf } from "./declared-core.ts";

/** By public name. */
export const imageDeclarations: Declarations = {
  hsvToRgb: asFirst,
  rgbToHsv: asFirst,
  affineTransform: ([images, transform, ...rest], traced) =>
    like(traced([images, knownLast(transform, 8), ...rest]), shapeOf(images)),
  mapCoordinates: ([inputs, coordinates], traced) => {
    const made = traced();
    const [rows, axes] = [shapeOf(coordinates), shapeOf(inputs).length];
    if (rows[0] !== axes) refuse("mapCoordinates", `the first size of coordinates must be known to be ${axes}`, rows);
    return made;
  },
  perspectiveTransform: ([, start, end], traced) => {
    const made = traced();
    const [from, to] = [shapeOf(start), shapeOf(end)];
    const must = "start and end points must have the same shape, [4, 2] or [N, 4, 2]";
    for (const points of [from, to]) mustEqual("perspectiveTransform", points.slice(-2), [4, 2], must);
    mustEqual("perspectiveTransform", from, to, must);
    return made;
  },
  scaleAndTranslate: ([images, outputShape, scale, translation, axes, ...rest], traced) => {
    const count = Array.isArray(axes) ? axes.length : 0;
    const [s, t] = [scale, translation].map((x) => knownLast(x, count));
    return like(traced([images, outputShape, s, t, axes, ...rest]), outputShape as readonly number[]);
  },
  ssim: ([image], traced) => like(traced(), shapeOf(image).slice(0, -3)),
};
