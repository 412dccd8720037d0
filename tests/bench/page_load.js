// SPDX-License-Identifier: Apache-2.0
// page_load.js BROWSER PAGE: how many elements a headless browser made when the page had
// loaded, how long it needed to the first paint, to that, and until the script had put all rows in, in ms.
'use strict';
const { chromium } = require('playwright-core');

(async () => {
	const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox', '--disable-gpu',
		'--disable-quic', '--disable-background-networking'] });
	const tab = await browser.newPage({ viewport: { width: 1250, height: 1000 } });
	await tab.goto('file://' + process.argv[3]);
	const t = await tab.evaluate(() => [document.getElementsByTagName('*').length,
		Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime),
		Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)]);
	await tab.waitForFunction(() => !document.querySelector('noscript'));
	t.push(await tab.evaluate(() => Math.round(performance.now())));
	console.log(t.join(' '));
	await browser.close();
})();
