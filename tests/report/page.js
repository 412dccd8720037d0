// SPDX-License-Identifier: Apache-2.0
// The report page in a browser: page.js BROWSER PAGE CROWD FOLDER says one line of TAP per thing that must hold.
'use strict';
const { execFileSync } = require('child_process');
const { readFileSync, writeFileSync } = require('fs');
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [browserPath, page, crowd, folder] = process.argv.slice(2);
const VIEWS = ['all', 'management', 'it', 'ot', 'auditor'];
let count = 0;

function result(good, name, more) {
	count++;
	console.log(`${good ? 'ok' : 'not ok'} ${count} - ${name}`);
	for (const line of more || [])
		console.log('# ' + String(line).replace(/\s+/g, ' ').slice(0, 400));
}

// A page whose errors and requests are kept. axe needs to be let in, past the page's own policy.
async function open(browser, file, options, first) {
	const context = await browser.newContext({ viewport: { width: 1250, height: 1000 }, ...options });
	const tab = await context.newPage();
	if (first)
		await tab.addInitScript(first);
	tab.said = [];
	tab.asked = [];
	tab.on('console', m => tab.said.push(m.text()));
	tab.on('pageerror', e => tab.said.push(e.message));
	tab.on('dialog', d => { tab.said.push('dialog ' + d.message()); d.dismiss(); });
	context.on('request', r => { if (r.url() !== 'file://' + file) tab.asked.push(r.url()); });
	await tab.goto('file://' + file);
	return tab;
}

const choose = async (tab, what) => tab.click(`label[for="${what}"]`);
const seen = tab => tab.evaluate(() => document.body.innerText);

async function faults(tab) {
	await tab.evaluate(axe);
	const r = await tab.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
	return r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
		.map(v => `${v.id}: ${v.help}: ${v.nodes.length}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`);
}

async function languages(browser) {
	const tab = await open(browser, page);
	await choose(tab, 'show-ja');
	const ja = await seen(tab);
	await choose(tab, 'show-en');
	const en = await seen(tab);
	result(/まず行うこと/.test(ja) && !/What to do first/.test(ja), 'Japanese alone where it is chosen');
	result(/What to do first/.test(en) && !/まず行うこと/.test(en), 'English alone where it is chosen');
	result(tab.said.length === 0, 'no error, no dialog', tab.said);
	result(tab.asked.length === 0, 'nothing is asked of anybody', tab.asked);
	const alive = await tab.evaluate(() => [document.querySelectorAll('script').length,
		document.querySelectorAll('img,iframe,object,embed,link,[onerror],[onclick],[onload],base,form').length]);
	result(alive[0] === 1 && alive[1] === 0, 'texts of strangers became no element', [alive]);
	await tab.fill('#findings .tools input', '192.168.10.6');
	await tab.waitForSelector('#findings .tools span:not([hidden])');
	const rows = await tab.$$eval('#findings tbody tr', list => list.filter(r => r.offsetParent).map(r => r.innerText));
	result(rows.length > 0 && rows.every(r => r.includes('192.168.10.6')), 'the search narrows the findings');
	await tab.context().close();
}

async function views(browser) {
	const tab = await open(browser, page, { javaScriptEnabled: false });
	const parts = {};
	for (const view of VIEWS) {
		await choose(tab, 'view-' + view);
		parts[view] = [];
		for (const s of await tab.$$('main > section'))
			if (await s.isVisible())
				parts[view].push([await s.getAttribute('id'), (await s.boundingBox()).y]);
		parts[view] = parts[view].sort((a, b) => a[1] - b[1]).map(p => p[0]);
	}
	const told = VIEWS.map(v => `${v}: ${parts[v].join(' ')}`);
	result(VIEWS.every(v => parts[v][0] === 'summary'), 'without scripts every view begins with the answer', told);
	result(parts.ot[1] === 'ot' && parts.auditor.indexOf('controls') < parts.auditor.indexOf('findings') &&
		!parts.management.includes('findings'), 'each view has its parts in its own order');
	await choose(tab, 'view-management');
	await tab.click('.actions a >> nth=0');
	result(await tab.isVisible('#findings'), 'a link shows the part that the view leaves out');
	await tab.keyboard.press('Tab');
	await tab.goto('file://' + page);
	await tab.keyboard.press('Tab');
	const first = await tab.locator(':focus').getAttribute('class');
	result(first === 'skip', 'the first stop of the keyboard leads to the report');
	await tab.context().close();
}

async function access(browser) {
	for (const theme of ['light', 'dark']) {
		const tab = await open(browser, page, { colorScheme: theme, bypassCSP: true });
		// Folded parts are looked at as well, and nothing is left out of the layout.
		await tab.addStyleTag({ content: '.card,.chapter,.rows{content-visibility:visible!important}' });
		const wrong = [];
		for (const view of VIEWS)
			for (const language of view === 'all' ? ['en', 'ja'] : ['ja']) {
				await choose(tab, 'view-' + view);
				await choose(tab, 'show-' + language);
				if (language === 'ja' && view === 'all')
					await tab.$$eval('details', list => list.forEach(d => { d.open = d.open || !d.closest('#controls'); }));
				wrong.push(...(await faults(tab)).map(f => `${view} ${language}: ${f}`));
			}
		result(wrong.length === 0, `axe: nothing serious in any view, ${theme}`, wrong);
		await tab.context().close();
	}
	const phone = await open(browser, page, { viewport: { width: 390, height: 800 }, bypassCSP: true });
	const width = await phone.evaluate(() => document.documentElement.scrollWidth);
	result(width <= 390, 'on a phone nothing sticks out', [width]);
	await phone.context().close();
}

const FEW = 20; // a page with fewer characters is as good as empty

// The characters on each page, blanks not counted: pdftotext ends a page with a form feed.
function printed(file) {
	const pages = execFileSync('pdftotext', ['-q', file, '-'], { encoding: 'utf8' }).split('\f');
	pages.pop();
	return pages.map(text => text.replace(/\s+/g, '').length);
}

async function paper(browser) {
	for (const [language, views] of [['ja', VIEWS], ['en', ['management', 'auditor']]])
		for (const view of views) {
			const tab = await open(browser, page);
			await choose(tab, 'view-' + view);
			await choose(tab, 'show-' + language);
			const file = `${folder}/${view}-${language}.pdf`;
			writeFileSync(file, await tab.pdf({ format: 'A4', preferCSSPageSize: true, printBackground: true }));
			const pages = printed(file);
			const empty = pages.filter(n => n < FEW);
			result(pages.length > 0 && pages.length < 200 && empty.length === 0, `on paper: ${view} ${language}, no page empty`,
				[`characters on each page: ${pages.join(' ')}`]);
			await tab.context().close();
		}
}

const rowsOf = tab => tab.$$eval('#findings .places tbody tr, #hosts .places tbody tr', list => list.map(r => r.outerHTML));
const filled = tab => tab.waitForFunction(() => !document.querySelector('noscript'));

async function large(browser) {
	const plain = await open(browser, crowd, { javaScriptEnabled: false });
	const rows = await rowsOf(plain);
	const findings = await plain.$$eval('#findings .places tbody tr', list => list.length);
	const told = await plain.$$eval('#findings .count', list => list.reduce((sum, c) => sum + Number(c.textContent), 0));
	result(findings > 0 && findings === told, 'a large page has a row for every finding', [`${findings} rows`]);
	const last = await plain.$$eval('#findings .rows tbody tr[id]', list => list[list.length - 1].id);
	await plain.context().close();

	const tab = await open(browser, crowd);
	const times = await tab.evaluate(() => ({ elements: document.getElementsByTagName('*').length,
		paint: Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime),
		load: Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd) }));
	console.log(`# ${times.elements} elements, first paint after ${times.paint} ms, loaded after ${times.load} ms`);
	await filled(tab);
	const same = await rowsOf(tab);
	result(rows.length > findings && rows.join() === same.join(), 'the script puts the same rows in', [rows.length, same.length]);
	result(tab.said.length === 0, 'and no error', tab.said);
	await tab.context().close();

	// Nothing is put in by itself here: what is asked for is there nevertheless.
	const slow = await open(browser, crowd, {}, () => { window.requestIdleCallback = () => 0; });
	const waiting = await slow.$$eval('noscript', list => list.length);
	await slow.evaluate(id => { location.hash = id; }, last);
	result(waiting > 1 && await slow.waitForSelector('#' + last, { state: 'visible' }), 'a link leads into rows that were not there yet');
	const still = await slow.$$eval('noscript', list => list.length);
	await slow.click('#hosts details.rows > summary >> nth=0');
	await slow.waitForSelector('#hosts details.rows >> nth=0 >> tbody tr >> nth=0', { state: 'visible' });
	result(still === waiting - 1, 'those alone came');
	await slow.fill('#findings .tools input', '10.');
	await slow.waitForSelector('#findings .tools span:not([hidden])');
	const shown = await slow.$eval('#findings output', o => Number(o.textContent));
	result(shown === findings, 'the search looks through all of them', [shown]);
	result(slow.said.length === 0, 'and no error', slow.said);
	await slow.context().close();
}

(async () => {
	const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu',
		'--disable-quic', '--disable-background-networking'] });
	for (const part of [languages, views, access, paper, large])
		await part(browser).catch(e => result(false, part.name, [e.message]));
	await browser.close();
	console.log(`1..${count}`);
})();
