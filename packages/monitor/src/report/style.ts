/** Colours of charts and page; both follow the reader's light or dark setting. */
export const palette = {
  light: {
    page: "#f5f6f8",
    card: "#ffffff",
    line: "#dde1e7",
    text: "#161a21",
    muted: "#565f6d",
    forecast: "#1f5fd6",
    good: "#157a3c",
    bad: "#c02626",
    warn: "#b25e09",
    info: "#1f5fd6",
    "other-1": "#9a4dbf",
    "other-2": "#a66a00",
    "other-3": "#0e7c86",
    "other-4": "#6b7280",
    "level-1": "#1f5fd6",
    "level-2": "#0e7c86",
    "level-3": "#9a4dbf",
    "heat-1": "#eef1f5",
    "heat-2": "#dbe4f3",
    "heat-3": "#f6b26b",
    "heat-4": "#dd6f2c",
    "heat-5": "#a8321a",
    "heat-dot": "#1c1207",
  },
  dark: {
    page: "#0e1116",
    card: "#171c23",
    line: "#2b323d",
    text: "#e7eaef",
    muted: "#a2acba",
    forecast: "#72a7ff",
    good: "#4cc779",
    bad: "#ff7b72",
    warn: "#f2a93b",
    info: "#72a7ff",
    "other-1": "#cf9bea",
    "other-2": "#e0b050",
    "other-3": "#4fc3cd",
    "other-4": "#9aa4b2",
    "level-1": "#72a7ff",
    "level-2": "#4fc3cd",
    "level-3": "#cf9bea",
    "heat-1": "#232a34",
    "heat-2": "#2c3b57",
    "heat-3": "#a85f1b",
    "heat-4": "#d97a2b",
    "heat-5": "#f4a261",
    "heat-dot": "#0b0704",
  },
} as const;

/** The palette as CSS variables of a selector. */
export function paletteRules(selector: string): string {
  const variables = (colours: Readonly<Record<string, string>>) =>
    Object.entries(colours)
      .map(([name, colour]) => `--${name}:${colour}`)
      .join(";");
  return `${selector}{color-scheme:light dark;${variables(palette.light)}}
@media (prefers-color-scheme:dark){${selector}{${variables(palette.dark)}}}`;
}

/** The page's style sheet. System fonts, nothing from elsewhere. */
export function pageStyle(): string {
  return `${paletteRules(":root")}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:4rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.page{max-width:1040px;margin:0 auto;padding:0 16px 48px}
header.top{padding:28px 0 12px}
h1{font-size:1.7rem;line-height:1.2;margin:0;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.12rem;margin:0 0 4px;letter-spacing:-.005em}
h3{font-size:.95rem;margin:0 0 8px}
p{margin:0 0 8px}
.lead,.note,caption{color:var(--muted)}
.lead{margin:6px 0 0;max-width:70ch;overflow-wrap:anywhere}
.note{font-size:.88rem;max-width:78ch}
nav{position:sticky;top:0;z-index:2;background:var(--page);border-bottom:1px solid var(--line);margin:0 -16px;padding:0 16px}
nav ul{display:flex;gap:14px;list-style:none;margin:0;padding:10px 0;overflow-x:auto;white-space:nowrap;scrollbar-width:none}
nav a{color:var(--muted);text-decoration:none;font-size:.9rem}
nav a:hover,nav a:focus-visible{color:var(--text);text-decoration:underline}
:focus-visible{outline:2px solid var(--info);outline-offset:2px;border-radius:4px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;margin:16px 0 0;padding:0}
.tiles>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tiles dt{font-size:.8rem;color:var(--muted)}
.tiles dd{margin:2px 0 0;font-size:1.45rem;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tiles small{display:block;font-size:.78rem;font-weight:400;color:var(--muted);letter-spacing:0;line-height:1.35}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:16px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:8px 0 4px;padding:0;font-size:.85rem;color:var(--muted)}
.legend li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere}
.legend svg{flex:none}
figure{margin:6px 0 0}
.chart{color:var(--text)}
.chart svg{display:block;width:100%;height:auto;font-size:11px;font-variant-numeric:tabular-nums}
.chart .narrow{display:none}
.scroll{overflow-x:auto;margin-top:10px;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.88rem}
caption{caption-side:top;text-align:left;font-size:.82rem;padding-bottom:6px}
th,td{padding:7px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{font-weight:600;color:var(--muted);font-size:.8rem;white-space:nowrap;vertical-align:bottom}
tbody tr:last-child>*{border-bottom:0}
.figures td,.figures th:not(:first-child){text-align:right;font-variant-numeric:tabular-nums}
.figures td{white-space:nowrap}
.figures th,.figures td{padding-left:6px;padding-right:6px}
.figures thead th{white-space:normal}
.figures th[scope=row]{white-space:nowrap;font-weight:600}
.figures small{color:var(--muted)}
.when{white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--muted)}
.why{min-width:16rem;overflow-wrap:anywhere}
.why small{display:block;color:var(--muted);margin-top:3px}
.stack th small,.stack td small{display:block;color:var(--muted);font-weight:400}
.nobr{white-space:nowrap}
.kind{display:block;font-size:.76rem;color:var(--muted);margin-top:3px}
.badge{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 9px;font-size:.78rem;font-weight:600;line-height:1.6;white-space:nowrap}
.badge.good{color:var(--good)}.badge.bad,.badge.error{color:var(--bad)}.badge.warn,.badge.warning{color:var(--warn)}.badge.info{color:var(--info)}.badge.plain{color:var(--muted)}
details{margin-top:8px;font-size:.88rem}
summary{cursor:pointer;color:var(--muted)}
summary:hover{color:var(--text)}
pre{margin:6px 0 0;padding:10px;background:var(--page);border-radius:8px;font-size:.76rem;line-height:1.45;max-height:320px;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.more{display:block;margin-top:12px}
.more span{display:inline-block;border:1px solid var(--line);border-radius:8px;padding:6px 14px;font-size:.88rem;cursor:pointer}
.more span:hover{border-color:var(--muted)}
.more:has(input:checked){display:none}
.filter{border:0;margin:10px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:6px;align-items:center}
.filter legend{float:left;font-size:.82rem;color:var(--muted);margin-right:8px;padding:0}
.filter input,.more input{position:absolute;opacity:0;width:1px;height:1px}
.filter label{max-width:100%}
.filter span{display:inline-block;overflow-wrap:anywhere;border:1px solid var(--line);border-radius:99px;padding:2px 12px;font-size:.82rem;cursor:pointer}
.filter+.note{margin-top:8px}
.filter small{opacity:.85;font-size:.74rem}
.filter input:checked+span{background:var(--text);color:var(--card);border-color:var(--text)}
.filter input:focus-visible+span,.more input:focus-visible+span{outline:2px solid var(--info);outline-offset:2px}
.flow{list-style:none;margin:12px 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:22px}
.flow li{position:relative;border:1px solid var(--line);border-radius:10px;padding:12px 14px;background:var(--page);min-width:0}
.flow li+li::before{content:"→";position:absolute;left:-19px;top:10px;color:var(--muted)}
.flow dl,.flow dd{margin:0}
.flow dl div{margin-top:6px}
.flow dt{font-size:.76rem;color:var(--muted);overflow-wrap:anywhere}
.flow dd{font-size:.88rem;overflow-wrap:anywhere}
.drill{margin:18px 0 2px}
.column{border-top:1px solid var(--line);margin-top:0}
.column summary{padding:8px 0;color:var(--text);overflow-wrap:anywhere}
.column summary small{color:var(--muted);margin-left:10px}
.multiples{list-style:none;margin:8px 0 12px;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:14px}
.multiples li{min-width:0;font-size:.85rem;overflow-wrap:anywhere}
.multiples small{display:block;color:var(--muted);font-size:.76rem;line-height:1.35}
.multiple{display:block;width:100%;height:auto;margin:4px 0;background:var(--page);border-radius:6px}
.multiple path{fill:none;stroke-linejoin:round;stroke-linecap:round}
.multiple .zero{stroke:var(--line)}
.multiple .run{stroke:var(--forecast);stroke-width:1.25}
.multiple .flags{stroke:var(--bad);stroke-width:5}
.multiple .bars{fill:var(--forecast)}
.multiple .mark{stroke:var(--text);stroke-dasharray:3 3}
.multiple .range{stroke:var(--forecast);stroke-width:3}
.multiple .value{stroke:var(--text);stroke-width:7}
.live{position:sticky;top:0;z-index:3;margin:0;padding:4px 16px;text-align:right;font-size:.78rem;color:var(--muted);background:var(--page)}
.live~.page nav{top:1.6rem}
.empty{color:var(--muted);margin:8px 0 0}
footer{color:var(--muted);font-size:.82rem;margin-top:18px}
@media (max-width:640px){
body{font-size:14.5px}
section{padding:14px 14px;border-radius:10px}
.tiles{grid-template-columns:repeat(2,1fr)}
.tiles>div:last-child:nth-child(odd){grid-column:1/-1}
.chart .wide{display:none}.chart .narrow{display:block}
.multiples{grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px}
.flow{grid-template-columns:1fr;gap:20px}
.flow li+li::before{content:"↓";left:50%;top:-21px}
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack tbody tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 12px;padding:10px 0;border-bottom:1px solid var(--line)}
.stack tbody tr:last-child{border-bottom:0}
.stack tbody tr>*{border:0;padding:0}
.stack .why{flex:1 0 100%;min-width:0}
.stack .kind{display:inline;margin:0 0 0 8px}
th,td{padding:7px 8px}
th:first-child,td:first-child{padding-left:0}
}
@media print{nav,.filter{display:none}section{break-inside:avoid}body{background:#fff}}`;
}
