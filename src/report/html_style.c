/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's only style. Its digest stands in the page's policy, so it is written as it is here. Colours
 * are named once for light and once for dark: --c fills a chip that has white text, --t is the same colour
 * as text on paper; every pair keeps a contrast of 4.5.
 */
#include "report/page.h"

/* clang-format off */
#define LIGHT \
"--ink:#1d2a35;--soft:#55646f;--line:#d5dde3;--paper:#fff;--ground:#f4f6f8;--accent:#0f5e73;--link:#0f5e73;" \
"--mark:#fff7d6;--warn:#fff4dc;--edge:#9a6000;--focus:#b35900;" \
"--critical:#8e1b2c;--high:#b93b1b;--medium:#8f5a00;--low:#326494;--info:#5d6b75;" \
"--t-critical:#8e1b2c;--t-high:#b93b1b;--t-medium:#8f5a00;--t-low:#326494;--t-info:#5d6b75;" \
"--good:#2a6b48;--chip:#e4eaee;--lane-public:#f7ebe6;--lane-dmz:#f3eefb;--lane-it:#eaf2fa;--lane-ot:#e8f3ec;" \
"--lane-unassigned:#f6f1e2;--bad:#b3261e;--open:#8f5a00;--quiet:#8796a2;--dot:#7d93a3"
#define DARK \
"--ink:#e4ebf0;--soft:#a7b6c1;--line:#33424e;--paper:#17212a;--ground:#0f171e;--accent:#0b4757;--link:#79c8dc;" \
"--mark:#3a3413;--warn:#36290f;--edge:#d99a2b;--focus:#ffb454;" \
"--critical:#a8283b;--high:#ad4122;--medium:#875806;--low:#346a9e;--info:#566570;" \
"--t-critical:#ff9aa5;--t-high:#ffa184;--t-medium:#edbc5c;--t-low:#8fc1ee;--t-info:#b3c0c9;" \
"--good:#7cc79b;--chip:#2c3a45;--lane-public:#332621;--lane-dmz:#292440;--lane-it:#1b2c3e;--lane-ot:#1b3226;" \
"--lane-unassigned:#322c19;--bad:#ff8f85;--open:#edbc5c;--quiet:#8494a0;--dot:#6f8899"

#define MONO "ui-monospace,\"Cascadia Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",\"Liberation Mono\",monospace"

const char page_style[] =
":root{color-scheme:light dark;" LIGHT "}\n"
"@media screen and (prefers-color-scheme:dark){:root{" DARK "}}\n"
"*{box-sizing:border-box}\n"
"html{scroll-padding-top:3.2rem;-webkit-text-size-adjust:100%}\n"
"body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.6 system-ui,\"Segoe UI\",\"Noto Sans\","
"\"Hiragino Sans\",\"Yu Gothic UI\",Meiryo,\"Noto Sans CJK JP\",sans-serif;overflow-wrap:break-word}\n"
"a{color:var(--link)}h1,h2,h3,h4,h5,p,ul,ol,dl{margin:0}ul{padding-left:1.3rem}\n"
"[hidden]{display:none!important}\n"
":focus-visible{outline:3px solid var(--focus);outline-offset:2px}\n"
".away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}\n"
".skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;z-index:9;background:var(--paper);padding:.4rem .8rem}\n"
/* language and view: what is chosen in the head shows; browsers without :has() show the first language and all parts */
"header:has(#show-en:checked) span[lang=ja],header:has(#show-en:checked)~* span[lang=ja],"
"header:has(#show-en:checked)~* text[lang=ja],header:has(#show-ja:checked) span[lang=en],"
"header:has(#show-ja:checked)~* span[lang=en],header:has(#show-ja:checked)~* text[lang=en],"
".skip:has(+header #show-en:checked) span[lang=ja],.skip:has(+header #show-ja:checked) span[lang=en]{display:none}\n"
"@supports not selector(:has(a)){html[lang=en] span[lang=ja],html[lang=en] text[lang=ja],html[lang=ja] span[lang=en],"
"html[lang=ja] text[lang=en],.choice{display:none}}\n"
#define NOT_OF(view) "header:has(#view-" view ":checked)~main>.part:not(.for-" view "):not(:target):not(:has(:target))," \
	"header:has(#view-" view ":checked)~nav>.part:not(.for-" view ")"
NOT_OF("management") "," NOT_OF("it") "," NOT_OF("ot") "," NOT_OF("auditor") "{display:none}\n"
#define ORDER(view, part, at) "header:has(#view-" view ":checked)~main>#" part ",header:has(#view-" view ":checked)~nav>[href=\"#" part "\"]{order:" at "}\n"
ORDER("ot", "summary", "-9") ORDER("ot", "ot", "-8")
ORDER("auditor", "summary", "-9") ORDER("auditor", "scan", "-8") ORDER("auditor", "controls", "-7")
ORDER("auditor", "records", "-6") ORDER("auditor", "coverage", "-5")
/* the head */
"header{background:var(--accent);color:#fff;display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;align-items:center;padding:.5rem max(1.2rem,50vw - 37rem)}\n"
".brand{font-weight:700;letter-spacing:.03em;font-size:1.1rem;flex:1}.brand span{font-weight:400;margin-left:.2em}\n"
".choice{border:0;margin:0;padding:0;min-width:0;display:flex;flex-wrap:wrap;position:relative;font-size:.87rem}"
".choice legend{float:left;padding:.15rem .6rem .15rem 0}"
".choice input{position:absolute;opacity:0;pointer-events:none}"
".choice label{padding:.15rem .75rem;border:1px solid #ffffff80;cursor:pointer;margin-left:-1px}"
".choice input:checked+label{background:#fff;color:#0b4757;font-weight:600}"
".choice input:focus-visible+label{outline:3px solid #ffd166;outline-offset:1px;z-index:1}\n"
"nav{position:sticky;top:0;z-index:2;background:var(--paper);border-bottom:1px solid var(--line);display:flex;flex-wrap:wrap;"
"gap:.1rem 1.1rem;padding:.45rem max(1.2rem,50vw - 37rem);font-size:.93rem}nav a{text-decoration:none}nav a:hover{text-decoration:underline}\n"
"main{max-width:76rem;margin:0 auto;padding:1rem 1.2rem;display:flex;flex-direction:column}\n"
"section{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:1.4rem 1.6rem;margin-bottom:1.2rem;min-width:0}\n"
"h1{font-size:1.4rem;line-height:1.3;margin-bottom:.8rem}h1 small{font-size:1rem;font-weight:400;color:var(--soft);margin-left:.6em}\n"
"h2{font-size:1.25rem;margin-bottom:.7rem;line-height:1.35}*+h2{margin-top:1.5rem}h3{font-size:1.05rem;margin:1.3rem 0 .5rem}h4{font-size:1rem;margin:1.1rem 0 .4rem}"
"h5{font-size:.87rem;font-weight:600;color:var(--soft);margin:.6rem 0 .3rem}\n"
".quiet,.quiet a{color:var(--soft)}.quiet{font-size:.87rem}.mono{font-family:" MONO ";font-size:.88em}\n"
".banner{border-left:6px solid var(--edge);background:var(--warn);padding:.8rem 1rem;margin-bottom:1rem;border-radius:.3rem}"
".banner strong{margin-right:.5em}\n"
/* the answer */
".answer{font-size:1.3rem;line-height:1.45;font-weight:600;border-left:8px solid var(--c,var(--good));padding:.35rem 0 .35rem .9rem;margin-bottom:1.1rem}"
".a-critical{--c:var(--critical)}.a-high{--c:var(--high)}.a-low{--c:var(--low)}\n"
".halves{display:grid;grid-template-columns:1fr 1fr;gap:1rem 2.2rem;margin-bottom:1.2rem}.halves>div{min-width:0}.halves h2{font-size:1.1rem}\n"
".wrong{list-style:none;padding:0}.wrong li{border-left:4px solid var(--c);padding:.1rem 0 .1rem .8rem;margin-bottom:.8rem}.wrong h3{margin:0 0 .15rem}\n"
".actions{padding-left:1.4rem}.actions li{margin-bottom:.7rem}.actions li::marker{font-weight:700}\n"
".caution{background:var(--warn);border-left:6px solid var(--edge);padding:.5rem .8rem;border-radius:.3rem;font-size:.93rem;margin-bottom:.5rem}\n"
".tiles{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.6rem}\n"
".tiles.small{margin-top:.6rem}.small .tile{padding:.35rem .8rem;border-top-width:1px}.small .tile b{font-size:1.15rem;font-weight:600}\n"
".tile{flex:1 1 7rem;border:1px solid var(--line);border-top:4px solid var(--c,var(--line));border-radius:.4rem;padding:.5rem .8rem}"
".tile b{display:block;font-size:1.6rem;line-height:1.25;color:var(--t,var(--ink));font-variant-numeric:tabular-nums}"
".tile span{font-size:.87rem}.tile small{display:block;color:var(--soft)}.tile.zero b{color:var(--soft);font-weight:400}\n"
".t-critical,.s-critical,.e-critical{--c:var(--critical);--t:var(--t-critical)}.t-high,.s-high,.e-high{--c:var(--high);--t:var(--t-high)}"
".t-medium,.s-medium,.e-medium{--c:var(--medium);--t:var(--t-medium)}.t-low,.s-low,.e-low{--c:var(--low);--t:var(--t-low)}"
".t-info,.s-info,.e-info{--c:var(--info);--t:var(--t-info)}\n"
".chip{display:inline-block;padding:0 .5em;border-radius:.3em;font-size:.8rem;font-weight:600;line-height:1.55;white-space:nowrap;"
"background:var(--c,var(--chip));color:#fff;vertical-align:.06em}\n"
".s-waived,.s-new,.s-again,.s-ot,[class*=\" z-\"]{background:var(--chip);color:var(--ink);font-weight:400}.s-ot,.s-again{border:1px solid var(--edge)}\n"
".facts{display:grid;gap:.35rem;font-size:.93rem}.facts div{display:grid;grid-template-columns:10rem 1fr;gap:.6rem}"
"dt{color:var(--soft)}dd{margin:0;min-width:0}\n"
/* the map */
"div.map{margin-bottom:.6rem}div.map svg{display:block;width:100%;min-width:44rem;height:auto}.map text{fill:var(--ink);font-size:13px}"
".map .sub{fill:var(--soft);font-size:11px}.map .name{font-weight:600}.map .lane{stroke:var(--line);fill:var(--lane-it)}"
".map .k-public,.map .k-internet{fill:var(--lane-public)}.map .k-dmz{fill:var(--lane-dmz)}.map .k-ot{fill:var(--lane-ot)}.map .k-unassigned{fill:var(--lane-unassigned)}\n"
".map .d{fill:var(--dot)}.map .d-critical{fill:var(--t-critical)}.map .d-high{fill:var(--t-high)}.map .d-medium{fill:var(--t-medium)}"
".map .d-low{fill:var(--t-low)}.map .d-info{fill:var(--dot)}\n"
".map .w{fill:none;stroke:var(--good);stroke-width:2}.map .w-unused{stroke:var(--quiet);stroke-dasharray:5 4}.map .w-unknown,.map .w-outside{stroke:var(--open)}"
".map .w-forbidden,.map .w-outside-ot,.map .w-around{stroke:var(--bad);stroke-width:3}\n"
".map .tip{fill:var(--good)}.map .tip.w-unused{fill:var(--quiet);stroke:none}.map .tip.w-unknown,.map .tip.w-outside{fill:var(--open);stroke:none}"
".map .tip.w-forbidden,.map .tip.w-outside-ot,.map .tip.w-around{fill:var(--bad);stroke:none}.map .tip{stroke:none}\n"
".map .badge{fill:var(--paper);stroke:var(--soft)}.map .number{font-size:11px;text-anchor:middle}\n"
".key{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.15rem 1.3rem;font-size:.87rem;margin:.3rem 0 .8rem}.key svg{width:1.6rem;height:.8rem;margin-right:.4em;vertical-align:-.1em}\n"
"div.map{overflow-x:auto}.key svg{margin-bottom:0}\n"
".trend{display:block;width:100%;max-width:48rem;height:auto}.trend rect{fill:var(--c)}.trend text{fill:var(--soft);font-size:11px;text-anchor:middle}.trend .axis{stroke:var(--soft)}\n"
/* verdicts */
".guideline{margin:.8rem 0 1.2rem}svg.bar{display:block;width:100%;height:.85rem;border-radius:.3rem;background:var(--line)}\n"
".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin-top:.3rem;font-size:.87rem}"
".legend li:before,.mini:before{content:\"\";display:inline-block;width:.7em;height:.7em;border-radius:.15em;margin-right:.35em;background:var(--v)}\n"
".v-contradicted{--v:#8a2d7a}.v-violated{--v:var(--critical)}.v-lacking{--v:#8f2f1c}.v-differs{--v:#b8623f}.v-hint{--v:#d98a1f}.v-admitted{--v:#a0567a}.v-waived{--v:#8c7bb5}.v-not-run{--v:#8a98a3}"
".v-no-violation-observed{--v:#2f7550}.v-no-difference-observed{--v:#6fa06a}.v-attested{--v:#3a8fa3}.v-not-assessable{--v:#aab5bd}.v-declined{--v:#5b6b93}.bar rect{fill:var(--v)}\n"
/* findings */
".tools{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;font-size:.9rem;margin-bottom:.8rem}"
".tools input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:.3rem;padding:.15rem .5rem;min-width:14rem}"
".tools button{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--soft);border-radius:.3rem;padding:.1rem .7rem;cursor:pointer}\n"
".card{border:1px solid var(--line);border-left:5px solid var(--c,var(--line));border-radius:.4rem;padding:.9rem 1.1rem;margin:0 0 1rem;"
"content-visibility:auto;contain-intrinsic-size:auto 16rem}"
".card h3{margin:0}.count{color:var(--soft);font-weight:400}.card h3 .count:before{content:\"\\00d7\\2009\"}.remedy,.against{margin:.35rem 0}"
".remedy b,.against b{color:var(--soft);font-size:.87rem;margin-right:.4em}.against{font-size:.87rem}\n"
".scroll{overflow-x:auto;margin-top:.5rem}table{border-collapse:collapse;width:100%;font-size:.9rem}"
"th{text-align:left;color:var(--soft);font-weight:600;font-size:.85rem}th,td{padding:.35rem .7rem .35rem 0;"
"border-bottom:1px solid var(--line);vertical-align:top}.number{font-variant-numeric:tabular-nums;white-space:nowrap}td time{white-space:nowrap}"
"td{overflow-wrap:anywhere;min-width:3.5rem}td.mono{min-width:8.5rem}td.detail{min-width:9rem}\n"
".card .places{table-layout:fixed}.card .places th{width:30%}.card .places th+th{width:13%}.card .places th+th+th{width:auto}"
".card .places th+th+th+th{width:7.2rem}small,td.e{color:var(--soft)}td.e{font-size:smaller}\n"
"#hosts td:first-child{font-weight:700}#hosts td small{display:block;font-weight:400}#hosts td:nth-child(2){min-width:4.6rem}#hosts td:nth-child(4){min-width:7.4rem}\n"
	/* Tables of many narrow columns. */
	"#closed td.mono,#traffic td.mono,#ot td.mono{min-width:5rem}"
	"#closed td time,#traffic td time,#ot td time{white-space:normal}\n"
"tr:target,.item:target,.card:target,.control:target{background:var(--mark)}.is-waived{color:var(--soft)}.waiver{font-size:.87rem;color:var(--soft)}\n"
"details summary{cursor:pointer}.evidence summary{font-size:.87rem;color:var(--soft)}pre{margin:.3rem 0;padding:.6rem;background:var(--ground);"
"border-radius:.3rem;white-space:pre-wrap;font-size:.8rem;max-height:22rem;overflow:auto}\n"
".block,.rows{border-top:1px solid var(--line);padding:.55rem 0}.block>summary{font-weight:600}.rows{content-visibility:auto;contain-intrinsic-size:auto 3rem}\n"
/* controls */
".filters{position:sticky;top:2.4rem;z-index:1;background:var(--paper);border:0;padding:.6rem 0;margin:0;display:flex;flex-wrap:wrap;gap:.4rem;align-items:center;font-size:.9rem;min-width:0}"
".filters legend{float:left;padding:0 .4rem 0 0}.filters input{position:absolute;opacity:0;pointer-events:none}"
".filters label{border:1px solid var(--soft);border-radius:1rem;padding:.05rem .8rem;cursor:pointer}"
".filters input:checked+label{background:var(--accent);border-color:var(--accent);color:#fff}"
".filters input:focus-visible+label{outline:3px solid var(--focus)}\n"
#define ONLY(kind) ".filters:has(#only-" kind ":checked)~.book .chapter:not(.h-" kind "),.filters:has(#only-" kind ":checked)~.book .control:not(.h-" kind ")," \
	".filters:has(#only-" kind ":checked)~.book .item:not(.k-" kind ")"
ONLY("against") "," ONLY("notrun") "," ONLY("clean") "," ONLY("person") "{display:none}\n"
".book>summary h3,.chapter>summary h4{display:inline;margin:0}.book{border-top:2px solid var(--line);padding:.7rem 0}"
".chapter{border-top:1px solid var(--line);margin-left:.6rem;content-visibility:auto;contain-intrinsic-size:auto 2.6rem}.chapter>summary{padding:.4rem 0}"
".control{border-top:1px solid var(--line);margin-left:1.1rem}.control>summary{padding:.35rem 0}"
".control .text{min-width:0}.control>summary .text{font-weight:600}\n"
".id{font-family:" MONO ";font-size:.83rem;color:var(--soft);margin-right:.6em}"
".level{font-size:.8rem;border:1px solid var(--line);border-radius:.3rem;padding:0 .4em;color:var(--soft);margin-left:.5em;white-space:nowrap}"
".l-mandatory{border-color:var(--t-critical);color:var(--t-critical)}.minis{display:inline-flex;flex-wrap:wrap;gap:0 .8rem;font-size:.83rem;color:var(--soft);margin-left:.6em}\n"
".items{list-style:none;padding:0 0 .6rem 1.4rem}.item{padding:.45rem 0;border-top:1px dashed var(--line)}"
".line{display:flex;flex-wrap:wrap;gap:.1rem .8rem;align-items:baseline}.line .text{flex:1 1 16rem}.verdict{font-size:.85rem;font-weight:600;padding-left:.55em;border-left:.4em solid var(--v)}"
".note{font-size:.9rem;background:var(--ground);border-radius:.3rem;padding:.3rem .6rem;margin:.25rem 0}.links{font-size:.87rem;margin:.2rem 0}\n"
".services{list-style:none;padding:0}footer{max-width:76rem;margin:0 auto;padding:0 1.4rem 2rem;color:var(--soft);font-size:.83rem}\n"
/* a phone */
"@media screen and (max-width:720px){body{font-size:14px}main{padding:.6rem}section{padding:1rem .9rem}.halves{grid-template-columns:1fr}"
"nav,.filters{position:static}html{scroll-padding-top:.5rem}.tile{flex-basis:5.5rem}.facts div{grid-template-columns:7rem 1fr}.items{padding-left:.3rem}"
".chapter,.control{margin-left:.2rem}header{padding:.5rem .9rem}nav{padding:.45rem .9rem}.tools input{min-width:0;width:100%}"
"td,td.mono,td.detail{min-width:0}.answer{font-size:1.15rem}}\n"
/* paper, always light */
"@media print{@page{size:A4;margin:14mm 13mm}body{background:#fff;font-size:9.5pt}header{background:none;color:#000;padding:0 0 2mm;border-bottom:1px solid #888}"
"nav,.skip,.filters,.tools,footer{display:none}.choice input:not(:checked)+label{display:none}.choice label{border:0;padding:0}.choice input:checked+label{color:#000}"
"main{padding:0;max-width:none}section{border:0;padding:0;margin:0 0 6mm;border-radius:0}"
"#summary~section{border-top:2px solid #888;padding-top:3mm}h2,h3,h4{break-after:avoid}tr,.item,.tile,.wrong li,.actions li,.map{break-inside:avoid}"
".scroll,.map{overflow:visible}div.map svg{min-width:0}.card,.chapter,.rows{content-visibility:visible;contain-intrinsic-size:none}"
".evidence:not([open]){display:none}.card .places th+th+th+th{width:20mm}pre{max-height:none}a{color:inherit;text-decoration:none}table{font-size:8.5pt}thead{display:table-header-group}"
"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";
/* clang-format on */
