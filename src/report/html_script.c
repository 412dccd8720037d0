/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's only script: it narrows long lists, opens what a link leads to where the browser does not,
 * and opens or closes all sections (for printing). Whatever it does is a comfort; without it the page says
 * the same. It reads texts and sets attributes, and makes no markup of anything. Its digest stands in the
 * page's policy, so it is written as it is here.
 */
#include "report/page.h"

/* clang-format off */
const char page_script[] =
"'use strict';\n"
"(function(){\n"
"function all(q,e){return Array.from((e||document).querySelectorAll(q))}\n"
"function reveal(){\n"
"  var id=decodeURIComponent(location.hash.slice(1)),e=id&&document.getElementById(id);\n"
"  if(!e)return;\n"
"  for(var p=e;p;p=p.parentElement)if(p.tagName==='DETAILS')p.open=true;\n"
"  e.scrollIntoView();\n"
"}\n"
"addEventListener('hashchange',reveal);\n"
"reveal();\n"
"all('.tools').forEach(function(t){\n"
"  var part=t.closest('section'),box=t.querySelector('input'),count=t.querySelector('output'),wait;\n"
"  t.hidden=false;\n"
"  all('button',t).forEach(function(b){b.addEventListener('click',function(){\n"
"    all('details',part).forEach(function(d){if(!d.classList.contains('evidence'))d.open=b.value==='open'})\n"
"  })});\n"
"  if(!box)return;\n"
"  function narrow(){\n"
"    var words=box.value.toLowerCase().split(/\\s+/).filter(Boolean),shown=0;\n"
"    all('[data-rows]',part).forEach(function(list){\n"
"      var any=false,whole=list.dataset.rows&&words.length?list.querySelector('.'+list.dataset.rows):null;\n"
"      var head=whole?whole.textContent.toLowerCase():'';\n"
"      all('tbody tr',list).forEach(function(r){\n"
"        var text=words.length?r.textContent.toLowerCase():'';\n"
"        r.hidden=!words.every(function(w){return text.includes(w)||head.includes(w)});\n"
"        if(!r.hidden){any=true;shown++}\n"
"      });\n"
"      all('details.rows',list).forEach(function(d){\n"
"        d.hidden=!d.querySelector('tbody tr:not([hidden])');\n"
"        if(words.length&&!d.hidden&&shown<=500)d.open=true;\n"
"      });\n"
"      list.hidden=!any;\n"
"    });\n"
"    count.textContent=words.length?String(shown):'';\n"
"    count.parentElement.hidden=!words.length;\n"
"  }\n"
"  box.addEventListener('input',function(){clearTimeout(wait);wait=setTimeout(narrow,250)});\n"
"});\n"
"})();\n";
/* clang-format on */
