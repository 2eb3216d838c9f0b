/** The look of the page. Colours are named once, for light and dark; each pair has a contrast of at least 4.5. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1a1f26; --soft: #525c69; --line: #d5dae1; --head: #eef1f5; --link: #0a53b8;
  --good: #0f5f2c; --good-back: #dff5e6; --bad: #9b1020; --bad-back: #ffe5e6; --warn: #744700; --warn-back: #fff0cf;
  --info: #0b478f; --info-back: #e0edff; --quiet: #525c69; --quiet-back: #eceff3; --focus: #0a53b8; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #12151a; --card: #1a1f26; --text: #e7ebf0; --soft: #a4afbc; --line: #343d49; --head: #222932; --link: #8dbdff;
  --good: #84e0a5; --good-back: #12341f; --bad: #ffa3a3; --bad-back: #451619; --warn: #f4c66d; --warn-back: #3a2a08;
  --info: #9cc8ff; --info-back: #132c4d; --quiet: #a4afbc; --quiet-back: #29313b; --focus: #8dbdff; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue",
  Arial, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
section:focus { outline: none; }
.skip { position: absolute; left: .5rem; top: -4rem; padding: .5rem 1rem; background: var(--card); z-index: 9; }
.skip:focus { top: .5rem; }
.layout { max-width: 90rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; display: grid; gap: 1rem 2rem;
  grid-template-columns: minmax(0, 1fr); }
header { grid-column: 1 / -1; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
nav .count { color: var(--soft); font-variant-numeric: tabular-nums; }
@media (min-width: 70rem) {
  .layout { grid-template-columns: 12rem minmax(0, 1fr); }
  nav { position: sticky; top: 1.5rem; align-self: start; }
  nav ul { flex-direction: column; border-left: 2px solid var(--line); }
  nav li { padding: .1rem 0 .1rem .75rem; }
}
h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 48rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; margin: 0 0 1rem; }
.eyebrow { margin: 0; color: var(--soft); font-size: .875rem; }
.verdict { display: flex; gap: 1rem; align-items: flex-start; border-radius: 12px; padding: 1.1rem 1.25rem; margin: 0 0 1rem;
  border: 2px solid currentColor; }
.verdict .sign { font-size: 2rem; line-height: 1; width: 2.25rem; flex: none; text-align: center; font-weight: 700; }
.verdict p { margin: 0; font-size: 1.05rem; color: var(--text); }
.verdict .state { font-size: 1.3rem; font-weight: 700; color: inherit; line-height: 1.2; }
.good { color: var(--good); background: var(--good-back); } .bad { color: var(--bad); background: var(--bad-back); }
.warn { color: var(--warn); background: var(--warn-back); } .info { color: var(--info); background: var(--info-back); }
.quiet { color: var(--quiet); background: var(--quiet-back); }
.badge { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-size: .8125rem; font-weight: 600;
  white-space: nowrap; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); margin: 0 0 1rem; padding: 0;
  list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .75rem 1rem; }
.tiles a { color: inherit; text-decoration: none; display: block; } .tiles a:hover .label { text-decoration: underline; }
.tiles .figure { display: block; font-size: 1.5rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles .label { color: var(--soft); font-size: .875rem; display: block; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .6rem 1.5rem; margin: 0; }
.facts div { min-width: 0; } .facts dt { color: var(--soft); font-size: .8125rem; } .facts dd { margin: 0; }
.name, code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .9em; }
.name { unicode-bidi: isolate; }
.notice { border-radius: 8px; padding: .6rem .9rem; margin: 0 0 1rem; max-width: none; } .notice ul { margin: .25rem 0 0; padding-left: 1.25rem; } .notice bdi { color: var(--text); }
.nothing { color: var(--soft); } .soft { color: var(--soft); font-size: .875rem; }
.scroll { overflow: auto; max-height: 85vh; margin: .75rem 0; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem; }
caption { text-align: left; padding: .5rem .75rem; color: var(--soft); font-size: .8125rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem; border-top: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: var(--head); z-index: 2; border-top: 0;
  border-bottom: 1px solid var(--line); font-size: .8125rem; vertical-align: bottom; }
tbody th { font-weight: 500; position: sticky; left: 0; z-index: 1; background: var(--card); }
thead th:first-child { left: 0; z-index: 3; }
.number { text-align: right; font-variant-numeric: tabular-nums; } td.number, td code { white-space: nowrap; }
td ul { margin: 0; padding-left: 1.1rem; } td .badge { white-space: nowrap; }
.scroll { overflow-wrap: break-word; } td.wide { min-width: 15rem; }
td.names { min-width: 9rem; overflow-wrap: anywhere; } th .name { display: inline-block; width: max-content; max-width: 22rem;
  overflow-wrap: anywhere; }
tbody td, tbody th { hyphens: manual; } td time { white-space: nowrap; }
pre { white-space: pre-wrap; margin: .25rem 0 0; background: var(--head); border-radius: 6px; padding: .5rem .75rem; }
details > summary { cursor: pointer; padding: .15rem 0; } details[open] > summary { margin-bottom: .25rem; }
.findings { list-style: none; margin: .75rem 0; padding: 0; }
.findings > li { border-top: 1px solid var(--line); padding: .75rem 0; } .findings > li:first-child { border-top: 0; }
.findings .what { display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: baseline; }
.fix { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .75rem; margin-top: .4rem; white-space: pre-wrap; }
.fix b { color: var(--soft); font-size: .8125rem; font-weight: 600; }
.diagram { padding: .5rem; } .diagram svg { display: block; margin: 0 auto; }
.legend { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; list-style: none; padding: 0; margin: .5rem 0; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .5rem; }
svg text { fill: var(--text); font: 600 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  unicode-bidi: isolate; text-anchor: middle; }
svg .kind { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--soft); }
svg .shape { stroke-width: 1.5; }
svg .root .shape { fill: var(--info-back); stroke: var(--info); stroke-width: 2.5; }
svg .tenant .shape { fill: var(--good-back); stroke: var(--good); }
svg .global .shape { fill: var(--quiet-back); stroke: var(--quiet); stroke-dasharray: 5 3; }
svg .open .shape { fill: var(--bad-back); stroke: var(--bad); stroke-width: 3; } svg .open .kind { fill: var(--bad); font-weight: 700; }
svg .missing .shape { fill: var(--warn-back); stroke: var(--warn); stroke-dasharray: 2 3; } svg .missing .kind { fill: var(--warn); }
svg .edge { fill: none; stroke: var(--soft); stroke-width: 1.25; } svg .edge.loose { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 6 4; }
svg .tip { fill: var(--soft); stroke: none; }
.matrix { width: auto; font-size: .8125rem; } .matrix caption { white-space: nowrap; } .matrix th, .matrix td { padding: .2rem .3rem; }
.matrix td { text-align: center; border-left: 1px solid var(--line); width: 1.9rem; min-width: 1.9rem; font-weight: 700; }
.matrix thead th { vertical-align: bottom; } .matrix thead th:not(:first-child) { padding: .4rem .2rem; border-left: 1px solid var(--line); }
.matrix .down { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; font-weight: 500; max-height: 15rem; }
.matrix th:first-child { padding-left: .75rem; padding-right: .75rem; }
.matrix .h { color: var(--good); } .matrix .n { color: var(--soft); font-weight: 400; }
.matrix .l { color: var(--card); background: var(--bad); } .matrix .o, .matrix .e { color: var(--bad); background: var(--bad-back); }
.matrix .q { color: var(--warn); background: var(--warn-back); }
.key { flex: none; display: inline-grid; place-items: center; width: 1.6rem; height: 1.6rem; border: 1px solid var(--line); border-radius: 4px; font-weight: 700; }
.key.h { color: var(--good); } .key.n { color: var(--soft); } .key.l { color: var(--card); background: var(--bad); }
.key.o, .key.e { color: var(--bad); background: var(--bad-back); } .key.q { color: var(--warn); background: var(--warn-back); }
.runs { list-style: none; padding: 0; margin: .75rem 0 0; border-left: 2px solid var(--line); }
.runs > li { position: relative; padding: 0 0 1.25rem 1.25rem; }
.runs > li::before { content: ""; position: absolute; left: -7px; top: .45rem; width: 12px; height: 12px; border-radius: 50%;
  background: var(--card); border: 3px solid var(--soft); }
.runs h3 { margin: 0; display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: baseline; }
.bar { display: block; margin-top: .25rem; } .bar .work { fill: var(--info); } .bar .wait { fill: var(--warn); } .bar .back { fill: var(--quiet-back); }
footer { grid-column: 1 / -1; color: var(--soft); font-size: .8125rem; }
@media (max-width: 30rem) {
  .layout { padding: 1rem .6rem 2rem; } section { padding: 1rem .75rem; } .verdict { padding: .9rem; gap: .6rem; }
  .matrix .name { font-size: .75rem; } td.wide { min-width: 12rem; } th .name { max-width: 8.5rem; } h1 { font-size: 1.3rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@page { size: A4; margin: 14mm 12mm; }
@page wide { size: A4 landscape; }
@media print {
  :root { color-scheme: light; }
  body { background: none; font-size: 10pt; } .layout { display: block; max-width: none; padding: 0; } nav, .skip { display: none; }
  section { border: 0; border-radius: 0; padding: 0; margin: 0 0 8mm; } h2 { border-bottom: 1pt solid var(--line); padding-bottom: 1mm; }
  h2, h3, caption { break-after: avoid; } tr, .findings > li, .verdict, .tiles li, .facts div { break-inside: avoid; }
  .tiles { grid-template-columns: repeat(5, 1fr); }
  .scroll { overflow: visible; max-height: none; } thead th, tbody th { position: static; }
  thead { display: table-header-group; } details::details-content { content-visibility: visible; block-size: auto; }
  .diagram svg { max-width: 100%; height: auto; max-height: 220mm; } #attacks { page: wide; }
  table { font-size: 8.5pt; } th, td { padding: 1mm 1.5mm; } td.wide { min-width: 0; } td.names { min-width: 20mm; } .scroll td .name, .scroll bdi { overflow-wrap: anywhere; }
  th .name { max-width: 34mm; } thead th { font-size: 7.5pt; } header { margin-bottom: 8mm; }
  .scroll td code { white-space: normal; } .bar { width: 18mm; }
  .matrix { font-size: 7.5pt; } .matrix th { padding: .5mm 1mm; } .matrix td { min-width: 0; width: 6mm; }
  a { color: inherit; text-decoration: none; }
  .verdict, .badge, .notice, .key, .matrix td, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
