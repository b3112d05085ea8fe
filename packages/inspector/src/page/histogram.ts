import { html } from "./html.ts";
import type { VNode } from "./library/preact.js";
import { useEffect, useRef } from "./library/preact-hooks.js";
import uPlot from "./library/uplot.js";

export interface Bucket {
  readonly label: string;
  readonly upTo: number;
}

/** Powers of two, as the last one of each bucket. */
export const BATCH_BUCKETS: readonly Bucket[] = [
  ...[1, 2, 4, 8, 16, 32].map((upTo) => ({ upTo, label: upTo < 4 ? `${upTo}` : `${upTo / 2 + 1}–${upTo}` })),
  { upTo: Number.POSITIVE_INFINITY, label: "33+" },
];
export const LATENCY_BUCKETS: readonly Bucket[] = [
  ...[0.5, 1, 2, 4, 8, 16, 32].map((upTo) => ({ upTo, label: `≤ ${upTo}` })),
  { upTo: Number.POSITIVE_INFINITY, label: "> 32" },
];

interface HistogramProps {
  readonly title: string;
  readonly values: readonly number[];
  readonly buckets: readonly Bucket[];
  /** What the values say in words, for those who do not see the chart. */
  readonly summary: string;
}

const HEIGHT = 132;

/** How many values lie in each bucket. */
export function Histogram({ title, values, buckets, summary }: HistogramProps): VNode {
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const counts = countsOf(values, buckets);
  const positions = buckets.map((_, at) => at);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const draw = (): void => {
      chart.current?.destroy();
      if (canvas.current)
        chart.current = new uPlot(optionsFor(canvas.current, buckets), [positions, counts], canvas.current);
    };
    const resize = new ResizeObserver(() => {
      if (canvas.current) chart.current?.setSize({ width: canvas.current.clientWidth, height: HEIGHT });
    });
    draw();
    if (canvas.current) resize.observe(canvas.current);
    dark.addEventListener("change", draw);
    return () => {
      dark.removeEventListener("change", draw);
      resize.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData([positions, counts]), [counts.join()]);
  return html`
    <figure class="histogram">
      <figcaption><strong>${title}</strong> <span>${summary}</span></figcaption>
      <div class="plot" ref=${canvas} aria-hidden="true"></div>
    </figure>
  `;
}

function countsOf(values: readonly number[], buckets: readonly Bucket[]): number[] {
  const counts = buckets.map(() => 0);
  for (const value of values) {
    const at = buckets.findIndex(({ upTo }) => value <= upTo);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Colours are read anew whenever the scheme changes: a canvas knows nothing of style sheets. */
function optionsFor(element: HTMLElement, buckets: readonly Bucket[]): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = "11px system-ui, sans-serif";
  const axis = { stroke: colour("--muted"), font, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.6, buckets.length - 0.4] },
      y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        grid: { show: false },
        splits: () => buckets.map((_, at) => at),
        values: () => buckets.map(({ label }) => label),
      },
      {
        ...axis,
        size: 44,
        gap: 6,
        grid: { stroke: colour("--line"), width: 1 },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
      },
    ],
    series: [
      {},
      {
        stroke: colour("--accent"),
        fill: colour("--bar"),
        width: 1,
        points: { show: false },
        ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.68, 64], radius: 0.12 }) }),
      },
    ],
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
