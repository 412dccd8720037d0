// SPDX-License-Identifier: Apache-2.0
// validate.js SCHEMA DRAFT FILE...: ajv says whether documents keep to a schema. DRAFT: 04, 07 or 2020. SCHEMA
// "sarif" is that of the npm package @microsoft/jest-sarif. A document with a member too much must be refused.
'use strict';
const fs = require('fs');
const path = require('path');
const [, , name, draft, ...files] = process.argv;
const Ajv = require({ '04': 'ajv-draft-04', '07': 'ajv', 2020: 'ajv/dist/2020' }[draft]);
const file = name !== 'sarif' ? name : path.join(path.dirname(require.resolve('@microsoft/jest-sarif/package.json')),
	'lib/schemas/sarif-2.1.0-rtm.5.json');
// Schemas of older drafts have patterns that are none under the flag u.
const ajv = new Ajv({ strict: false, allErrors: true, logger: false, unicodeRegExp: draft !== '04' });
require('ajv-formats')(ajv);
const holds = ajv.compile(JSON.parse(fs.readFileSync(file, 'utf8')));

for (const one of files) {
	const text = fs.readFileSync(one, 'utf8');
	if (!holds(JSON.parse(text))) {
		console.error(one, JSON.stringify(holds.errors.slice(0, 5), null, 1));
		process.exitCode = 1;
	}
	if (holds({ ...JSON.parse(text), frobnicate: 1 })) {
		console.error(one, 'a broken document passes');
		process.exitCode = 1;
	}
}
