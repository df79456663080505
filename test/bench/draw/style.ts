/** The look of the charts. They have a ground of their own, for whoever shows them may not know the reader's colours. */

interface Colours {
  readonly ground: string;
  readonly edge: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly series: readonly [string, string, string];
}

const LIGHT: Colours = {
  ground: '#ffffff',
  edge: '#d1d9e0',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e6eaee',
  series: ['#1f6feb', '#bc4c00', '#1a7f37'],
};

const DARK: Colours = {
  ground: '#151b23',
  edge: '#3d444d',
  text: '#f0f6fc',
  muted: '#9198a1',
  grid: '#2a313a',
  series: ['#58a6ff', '#f0883e', '#56d364'],
};

const SHAPES = `
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px }
.title { font-size: 16px; font-weight: 600 }
.value { font-size: 11px; font-weight: 600 }
.grid { stroke-width: 1 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }`;

export const STYLE = `${SHAPES}${rules(LIGHT)}
@media (prefers-color-scheme: dark) {${rules(DARK)}
}`;

function rules({ ground, edge, text, muted, grid, series }: Colours): string {
  const ofSeries = series.map(
    (colour, number) => `
.line.s${number} { stroke: ${colour} } .mark.s${number} { fill: ${colour}; stroke: ${ground} } .value.s${number} { fill: ${colour} }`,
  );
  return `
.ground { fill: ${ground}; stroke: ${edge} }
text { fill: ${muted} } .title, .name { fill: ${text} }
.grid { stroke: ${grid} }${ofSeries.join('')}`;
}
