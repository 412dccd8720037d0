// SPDX-License-Identifier: Apache-2.0
// Both sides of a recorded BACnet/IP conversation (npm package node-bacnet): bacnet.js server|client ADDRESS
const Bacnet = require('node-bacnet');
const [what, address] = process.argv.slice(2);
const c = new Bacnet({ port: 47808, apduTimeout: 3000, broadcastAddress: '192.168.77.255' });

c.on('error', (e) => console.log('error', e.message));
if (what === 'server') {
	c.on('whoIs', () => c.iAmResponse({ address: '192.168.77.255' }, 2001, 3, 480));
	c.on('readProperty', (data) => {
		c.readPropertyResponse({ address: '192.168.77.10' }, data.invokeId, data.payload.objectId,
			data.payload.property, [{ type: 7, value: 'KC-BMS' }]);
	});
} else {
	c.on('iAm', () => c.readProperty({ address }, { type: 8, instance: 2001 }, 77, () => c.close()));
	setTimeout(() => c.whoIs(), 200);
	setTimeout(() => process.exit(0), 3000);
}
