// Saves a chart as a PNG: its SVG with the styles that the page gives it, drawn on a canvas.

const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "visibility",
  "display",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
];
const MARGIN = 24;
const LINE = 20;
const TITLE = 32;
const SCALE = 2;

export interface LegendEntry {
  readonly title: string;
  readonly color: string;
}

/** The entries of the legend that a chart shows as HTML, with their colours. */
function legendOf(chart: Element): LegendEntry[] {
  return [...chart.querySelectorAll<HTMLElement>('[class*="marker--"]')]
    .filter((marker) => marker.closest('[role="toolbar"], [class*="legend"]') !== null)
    .map((marker) => ({
      title: marker.parentElement?.textContent?.trim() ?? "",
      color: getComputedStyle(marker).backgroundColor,
    }))
    .filter(({ title }) => title !== "");
}

/** Copies an SVG with its computed styles as attributes, since a picture has no style sheet. */
function styled(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const sources = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const targets = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  sources.forEach((source, index) => {
    const style = getComputedStyle(source);
    const target = targets[index];
    target?.removeAttribute("class");
    target?.removeAttribute("style");
    for (const name of STYLES) {
      target?.setAttribute(name, style.getPropertyValue(name));
    }
  });
  return copy;
}

function load(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The chart cannot be drawn as a picture by this browser."));
    image.src = url;
  });
}

/** Draws the SVGs of a chart's element with a title and a legend; `null` if there is none. */
export async function picture(chart: HTMLElement, title: string): Promise<Blob | null> {
  const svgs = [...chart.querySelectorAll<SVGSVGElement>("svg")].filter((svg) => {
    const { width, height } = svg.getBoundingClientRect();
    return width > 100 && height > 50;
  });
  if (svgs.length === 0) {
    return null;
  }
  // Axis labels may be SVGs of their own beside the plot, so all small ones of the chart's area are
  // drawn too.
  const area = svgs.map((svg) => svg.getBoundingClientRect());
  const top = Math.min(...area.map((box) => box.top)) - LINE;
  const bottom = Math.max(...area.map((box) => box.bottom)) + LINE;
  const all = [...chart.querySelectorAll<SVGSVGElement>("svg")].filter((svg) => {
    const box = svg.getBoundingClientRect();
    return box.width > 0 && box.top >= top - 1 && box.bottom <= bottom + 1 && svg.closest("button") === null;
  });
  const bounds = chart.getBoundingClientRect();
  const legend = legendOf(chart);
  const page = getComputedStyle(document.body);
  const styles = getComputedStyle(chart);
  const width = bounds.width + 2 * MARGIN;
  const height = TITLE + (bottom - top) + legend.length * LINE + 2 * MARGIN;

  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * SCALE);
  canvas.height = Math.ceil(height * SCALE);
  const context = canvas.getContext("2d");
  if (!context) {
    return null;
  }
  context.scale(SCALE, SCALE);
  context.fillStyle = opaque(chart) ?? page.backgroundColor;
  context.fillRect(0, 0, width, height);
  context.fillStyle = styles.color;
  context.font = `bold 16px ${styles.fontFamily}`;
  context.fillText(title, MARGIN, MARGIN + 8, width - 2 * MARGIN);

  for (const svg of all) {
    const box = svg.getBoundingClientRect();
    const copy = styled(svg);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    // Text beside an axis would be cut off at the picture's edge: it is drawn up to the chart's own
    // edge.
    const left = box.left - bounds.left + MARGIN;
    const size = { width: left + box.width + MARGIN, height: box.height + 2 * MARGIN };
    copy.setAttribute("overflow", "visible");
    copy.setAttribute("viewBox", `${-left} ${-MARGIN} ${size.width} ${size.height}`);
    copy.setAttribute("width", String(size.width));
    copy.setAttribute("height", String(size.height));
    const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
    try {
      const image = await load(url);
      context.drawImage(image, 0, TITLE + box.top - top);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  context.font = `13px ${styles.fontFamily}`;
  legend.forEach((entry, index) => {
    const y = TITLE + MARGIN + (bottom - top) + index * LINE;
    context.fillStyle = entry.color;
    context.fillRect(MARGIN, y, 12, 12);
    context.fillStyle = styles.color;
    context.fillText(entry.title, MARGIN + 20, y + 11, width - 2 * MARGIN - 20);
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The background that an element is shown on. */
function opaque(element: HTMLElement): string | null {
  for (let at: HTMLElement | null = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "transparent" && !/,\s*0\)$/.test(color)) {
      return color;
    }
  }
  return null;
}

/** Hands a file to the browser's downloads. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // A download begins in a later turn of some browsers.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
